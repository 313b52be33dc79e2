"""Every way in which a person can be told that something went wrong.

The tree; what hangs under ``TransientError`` may succeed when it is simply tried again::

    MigratorError
    ├── BadInput                     exit 2: nothing was touched
    │   ├── BadPayload, UnknownEventType
    │   ├── BadSchemaName, BadVersion
    │   ├── UnknownDatabase (transient), UnknownTenant, UnknownExecution
    │   ├── UnknownTargets, UnknownVersion, UnknownConvention, UnknownSchema, UnknownAction
    │   ├── TenantConflict, DatabaseConflict, IllegalStep, TargetsBusy, TooLate
    │   ├── SettingsMissing, BadSettings, BadUrl, BadCredential
    │   ├── MessageTooLarge, MessageRefused, SigningExtraMissing, SigningFailed
    │   ├── LocalExtraMissing, LintExtraMissing, AlembicExtraMissing, ControlSchemaMissing, DemoMissing
    │   ├── NoNextFile, UnknownRevision, NoOfflineSql
    │   ├── EventFailedBefore, EventNotRetried, UnknownEvent, DashboardOpen
    │   ├── PooledSession, UnfilledSlot
    │   ├── PgToolsMissing, SnapshotRefused
    │   ├── UnknownSnapshot, UnknownAside
    │   ├── UnknownAlert, AlertOver, UnknownChannel, BadChannel
    │   ├── DependencyUnmet (transient)
    │   └── FolderError              the folder on disk is wrong
    │       ├── FolderMissing, UnreadableFile, UnnamedFile
    │       ├── UnrecognisedFolder, MixedConventions, UnfitFile
    │       ├── DuplicateVersion, DuplicateRepeatable, DownWithoutUp
    │       ├── BadSections, BadDirective, BadFolderOptions
    │       ├── UnknownPlaceholder, BadOrder, BadStep
    │       ├── BadScriptDirectory, BadRevision
    │       ├── UnknownDependency, DependencyCircle
    │       └── RefusedStatement
    ├── HistoryError                 folder and history of one target disagree
    │   ├── ChecksumChanged, MigrationMissing, MigrationMoved
    │   ├── MigrationOutOfOrder, MigrationFailedBefore
    │   ├── AlreadyManaged, NotAdopted
    │   ├── AppliedElsewhere, VersionTableDiffers
    │   └── CannotUndo, MovedOn, BegunBefore, FingerprintDiffers
    ├── MigrationFailed              a statement of a migration was refused by the server
    │   └── StepFailed               ... or a step that is code raised an error
    ├── SchemaRefused                ... or the schema itself, or its history
    ├── QueryRefused                 ... or a question about its state
    │   └── QueryRefusedForNow (transient)
    ├── ExecutionFailed              some targets of an execution failed
    ├── LocalServiceFailed, LintToolFailed, ControlDatabaseRefused
    ├── SnapshotFailed, SnapshotStoreFailed, NoSnapshot, TemplateFailed, SpareUnfit
    ├── CloneFailed, ReachesOutside, Collides
    ├── SnapshotDamaged, RestoreFailed
    ├── ChannelFailed                an alert did not get through
    ├── RestoreRefused               exit 3
    ├── DatabaseStopped              exit 3: preflight said stop for too long
    ├── WorkersLost
    ├── WrongCredentials
    └── TransientError
        ├── ControlDatabaseUnreachable, DatabaseUnreachable, BrokerUnreachable
        ├── BreakerStoreUnreachable
        ├── BreakerOpen              exit 3
        ├── ConnectionLost
        ├── ServerRefusedForNow
        │   └── SchemaRefusedForNow
        ├── SchemaLocked             exit 3
        └── FolderDiffers

An error is raised with its facts, ``SchemaLocked(schema="tenant_acme", ...)``, and its class holds the
sentence they are put into. Read back from a result backend it is built from the finished sentence instead.
"""

from __future__ import annotations

from migrator.errors.base import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    BadInput,
    MigratorError,
    TransientError,
)
from migrator.errors.copy import (
    CloneFailed,
    Collides,
    NoSnapshot,
    PgToolsMissing,
    ReachesOutside,
    RestoreFailed,
    RestoreRefused,
    SnapshotDamaged,
    SnapshotFailed,
    SnapshotRefused,
    SnapshotStoreFailed,
    SpareUnfit,
    TemplateFailed,
    UnknownAside,
    UnknownSnapshot,
)
from migrator.errors.fleet import (
    AlertOver,
    BadChannel,
    BadPayload,
    ChannelFailed,
    DatabaseConflict,
    EventFailedBefore,
    EventNotRetried,
    ExecutionFailed,
    IllegalStep,
    TargetsBusy,
    TenantConflict,
    TooLate,
    UnknownAction,
    UnknownAlert,
    UnknownChannel,
    UnknownDatabase,
    UnknownEvent,
    UnknownEventType,
    UnknownExecution,
    UnknownTargets,
    UnknownTenant,
)
from migrator.errors.folder import (
    BadDirective,
    BadFolderOptions,
    BadOrder,
    BadRevision,
    BadScriptDirectory,
    BadSections,
    BadStep,
    BadVersion,
    DependencyCircle,
    DependencyUnmet,
    DownWithoutUp,
    DuplicateRepeatable,
    DuplicateVersion,
    FolderDiffers,
    FolderError,
    FolderMissing,
    LintToolFailed,
    MixedConventions,
    NoNextFile,
    NoOfflineSql,
    RefusedStatement,
    UnfilledSlot,
    UnfitFile,
    UnknownConvention,
    UnknownDependency,
    UnknownPlaceholder,
    UnknownRevision,
    UnknownVersion,
    UnnamedFile,
    UnreadableFile,
    UnrecognisedFolder,
)
from migrator.errors.history import (
    AlreadyManaged,
    AppliedElsewhere,
    BegunBefore,
    CannotUndo,
    ChecksumChanged,
    FingerprintDiffers,
    HistoryError,
    MigrationFailedBefore,
    MigrationMissing,
    MigrationMoved,
    MigrationOutOfOrder,
    MovedOn,
    NotAdopted,
    VersionTableDiffers,
)
from migrator.errors.setup import (
    AlembicExtraMissing,
    BadCredential,
    BadSettings,
    BadUrl,
    BrokerUnreachable,
    ControlDatabaseRefused,
    ControlDatabaseUnreachable,
    ControlSchemaMissing,
    DashboardOpen,
    DemoMissing,
    LintExtraMissing,
    LocalExtraMissing,
    LocalServiceFailed,
    MessageRefused,
    MessageTooLarge,
    SettingsMissing,
    SigningExtraMissing,
    SigningFailed,
)
from migrator.errors.target import (
    BadSchemaName,
    BreakerOpen,
    BreakerStoreUnreachable,
    ConnectionLost,
    DatabaseStopped,
    DatabaseUnreachable,
    MigrationFailed,
    PooledSession,
    QueryRefused,
    QueryRefusedForNow,
    SchemaLocked,
    SchemaRefused,
    SchemaRefusedForNow,
    ServerRefusedForNow,
    StepFailed,
    UnknownSchema,
    WorkersLost,
    WrongCredentials,
)

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_REFUSED",
    "AlembicExtraMissing",
    "AlertOver",
    "AlreadyManaged",
    "AppliedElsewhere",
    "BadChannel",
    "BadCredential",
    "BadDirective",
    "BadFolderOptions",
    "BadInput",
    "BadOrder",
    "BadPayload",
    "BadRevision",
    "BadSchemaName",
    "BadScriptDirectory",
    "BadSections",
    "BadSettings",
    "BadStep",
    "BadUrl",
    "BadVersion",
    "BegunBefore",
    "BreakerOpen",
    "BreakerStoreUnreachable",
    "BrokerUnreachable",
    "CannotUndo",
    "ChannelFailed",
    "ChecksumChanged",
    "CloneFailed",
    "Collides",
    "ConnectionLost",
    "ControlDatabaseRefused",
    "ControlDatabaseUnreachable",
    "ControlSchemaMissing",
    "DashboardOpen",
    "DatabaseConflict",
    "DatabaseStopped",
    "DatabaseUnreachable",
    "DemoMissing",
    "DependencyCircle",
    "DependencyUnmet",
    "DownWithoutUp",
    "DuplicateRepeatable",
    "DuplicateVersion",
    "EventFailedBefore",
    "EventNotRetried",
    "ExecutionFailed",
    "FingerprintDiffers",
    "FolderDiffers",
    "FolderError",
    "FolderMissing",
    "HistoryError",
    "IllegalStep",
    "LintExtraMissing",
    "LintToolFailed",
    "LocalExtraMissing",
    "LocalServiceFailed",
    "MessageRefused",
    "MessageTooLarge",
    "MigrationFailed",
    "MigrationFailedBefore",
    "MigrationMissing",
    "MigrationMoved",
    "MigrationOutOfOrder",
    "MigratorError",
    "MixedConventions",
    "MovedOn",
    "NoNextFile",
    "NoOfflineSql",
    "NoSnapshot",
    "NotAdopted",
    "PgToolsMissing",
    "PooledSession",
    "QueryRefused",
    "QueryRefusedForNow",
    "ReachesOutside",
    "RefusedStatement",
    "RestoreFailed",
    "RestoreRefused",
    "SchemaLocked",
    "SchemaRefused",
    "SchemaRefusedForNow",
    "ServerRefusedForNow",
    "SettingsMissing",
    "SigningExtraMissing",
    "SigningFailed",
    "SnapshotDamaged",
    "SnapshotFailed",
    "SnapshotRefused",
    "SnapshotStoreFailed",
    "SpareUnfit",
    "StepFailed",
    "TargetsBusy",
    "TemplateFailed",
    "TenantConflict",
    "TooLate",
    "TransientError",
    "UnfilledSlot",
    "UnfitFile",
    "UnknownAction",
    "UnknownAlert",
    "UnknownAside",
    "UnknownChannel",
    "UnknownConvention",
    "UnknownDatabase",
    "UnknownDependency",
    "UnknownEvent",
    "UnknownEventType",
    "UnknownExecution",
    "UnknownPlaceholder",
    "UnknownRevision",
    "UnknownSchema",
    "UnknownSnapshot",
    "UnknownTargets",
    "UnknownTenant",
    "UnknownVersion",
    "UnnamedFile",
    "UnreadableFile",
    "UnrecognisedFolder",
    "VersionTableDiffers",
    "WorkersLost",
    "WrongCredentials",
]
