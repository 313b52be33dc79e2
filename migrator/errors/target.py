"""What databases and schemas refuse, and what keeps us from reaching them."""

from __future__ import annotations

from migrator.errors.base import EXIT_REFUSED, BadInput, MigratorError, TransientError


class BadSchemaName(BadInput):
    """A schema name that PostgreSQL would refuse, or that is unsafe to build statements with."""

    sentence = (
        "schema name {name!r} {reason}; use 1 to 63 letters, digits and underscores, not starting with a digit or pg_"
    )


class MigrationFailed(MigratorError):
    """The server refused a statement; the schema is as it was before."""

    sentence = "{script}:{line} failed in schema {schema} with SQLSTATE {sqlstate}: {reason}; {state}"


class WrongCredentials(MigratorError):
    """The server is there and does not let us in; trying again would only lock the account."""

    sentence = (
        "database {database} at {address} refused user {user}: {reason}; nothing was changed. Check the database's "
        "credential reference, .pgpass or service file on the machine of the workers"
    )


class DatabaseUnreachable(TransientError):
    """No connection could be made."""

    sentence = (
        "database {database} at {address} cannot be reached: {reason}; nothing was changed. Check that its server runs "
        "and takes connections at that address"
    )


class BreakerOpen(TransientError):
    """Nobody may try to reach a database at present, because nobody could for some time."""

    sentence = (
        "the breaker of database {database} is open, it has not been reached for {seconds} s: {reason}. "
        "'migrator breaker list' tells when the next probe may go"
    )
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

    sentence = (
        "the store of the breakers cannot be reached: {reason}; nothing was changed, and every database is tried "
        "until it is back. Check the setting breaker_url, or result_backend where that is not set"
    )


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

    sentence = (
        "the connection to database {database} was lost while migrating schema {schema}: {reason}. Its history says "
        "what was committed before; the next try goes on from there"
    )


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


class UnknownSchema(BadInput):
    """A command for a schema that exists names one that does not."""

    sentence = (
        "database {database} has no schema {schema}, nothing was changed; check the name and the database, "
        "or make the schema with 'migrator schema up'"
    )


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
