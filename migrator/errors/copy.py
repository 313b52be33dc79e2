"""Snapshots, templates, spares, clones, and putting one back."""

from __future__ import annotations

from migrator.errors.base import EXIT_REFUSED, BadInput, MigratorError


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
