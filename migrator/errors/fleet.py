"""Events, executions, the registry and alerts."""

from __future__ import annotations

from typing import Any

from migrator.errors.base import EXIT_REFUSED, BadInput, MigratorError, TransientError


class BadPayload(BadInput):
    """An event's payload does not fit its type."""

    sentence = "event {type} was refused, nothing was done: {reason}"


class UnknownEventType(BadInput):
    """No such event type."""

    sentence = "there is no event type {type}; there are: {known}"


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


class ExecutionFailed(MigratorError):
    """Some targets of an execution failed; the second argument is its report, a dict."""

    @property
    def report(self) -> dict[str, Any]:
        """The execution's report, as a completed execution would have returned it."""
        return self.args[1] if len(self.args) > 1 else {}


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

    sentence = "channel {channel} did not take the message: {reason}; 'migrator alerts test' tries it again"
