"""Our own settings: environment ``MIGRATOR_*``, then ``migrator.toml``, then embedded services, then defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from config.alerts import AlertSettings
from config.cron import checked_cron

TOML_FILE = Path("migrator.toml")
LOCAL_FILE = Path(".migrator/local.toml")
"""Written by ``migrator local up`` while the embedded services run, below everything a person has set."""

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Figure = Annotated[float, Field(ge=0)]
Size = Annotated[int, Field(ge=0)]


class LimitSettings(BaseModel):
    """From where on what preflight finds is a warning, and from where on a stop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transaction_warn: Figure = 60.0
    """Seconds that somebody's transaction is open."""
    transaction_stop: Figure = 300.0
    """The same, but only for one that holds locks in the schemas concerned."""
    lag_warn: Figure = 10.0
    """Seconds that a replica is behind; a running execution makes room from here on."""
    lag_stop: Figure = 60.0
    lag_bytes_warn: Size = 64 * 2**20
    lag_bytes_stop: Size = 2**30
    connections_warn: Size = 10
    """Connections that the lanes leave to others."""
    connections_stop: Size = 3
    locks_warn: Figure = 0.7
    """Share of the server's lock table that is used with our locks in it."""
    locks_stop: Figure = 0.95


class Recurring(BaseModel):
    """Maintenance that comes again and again: ``[maintenance.nightly]`` with its schedule and what is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: Annotated[str, AfterValidator(checked_cron)]
    """When its window opens: minute, hour, day of the month, month, day of the week, in UTC."""
    type: Literal["migrate", "validate", "drift", "snapshot", "reindex", "analyze"]
    window: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = 60.0
    """Minutes."""
    window_every: Annotated[float, Field(gt=0)] = 24 * 60.0
    """Minutes to the next window, where what is left is done."""
    databases: tuple[str, ...] = ()
    """Empty for all."""
    schemas: tuple[str, ...] = ()
    """Empty for all."""
    auto_rollback: bool = True
    """Whether what a migration changed is taken back when more targets fail than may."""
    options: dict[str, Any] = {}
    """How it goes about its targets, as in maintenance.scheduled: canary, wave_size, max_failures and so on."""


class Settings(BaseSettings):
    """Every setting with its default; MIGRATOR_CONTROL_URL sets ``control_url``. Durations are seconds."""

    model_config = SettingsConfigDict(
        env_prefix="MIGRATOR_",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # it has passwords in it
    )

    control_url: SecretStr | None = None
    """The control database, as a libpq or SQLAlchemy URL."""
    broker_url: SecretStr | None = None
    """Valkey, Redis or RabbitMQ."""
    result_backend: SecretStr | None = None
    """Valkey or Redis; the broker itself when it is one of them."""

    message_limit: Annotated[int, Field(ge=4096, le=2**28)] = 2**20
    """Bytes that one message may have: a sender refuses to send more, a worker to take it in."""
    signing_key: Path | None = None
    """An RSA key in PEM. With it and the two below messages are signed, and others refused."""
    signing_certificate: Path | None = None
    """The key's certificate in PEM, by which others know who signed."""
    signing_store: Path | None = None
    """A directory with the certificates of all whose messages are accepted."""
    signing_passphrase: SecretStr | None = None
    """Of the key, when it has one."""
    rabbitmq_queues: Literal["classic", "quorum"] = "classic"
    """Where RabbitMQ is the broker. Quorum queues are replicated, but a worker holds back messages of each."""

    migrations: Path = Path("migrations")
    """Holds a folder for each scope: admin, regional, tenant."""
    history_table: str = "flyway_schema_history"
    """In each target; Flyway's own name, so that either tool can carry on where the other stopped."""
    own_schema: str = "public"
    """The schema that databases of scope admin and regional are migrated in."""
    shared_schemas: tuple[str, ...] = ("public",)
    """Behind the target's own schema in search_path."""

    credential: str | None = None
    """For databases without a reference of their own: env:NAME, file:PATH or command:...; else libpq's ways."""
    passfile: str | None = None
    """A libpq password file; libpq's default when not set."""

    snapshots: str = "snapshots"
    """Where snapshots are kept: a directory, or any URL that fsspec knows, with its own ways for credentials."""
    snapshot_keep_days: Annotated[float, Field(ge=0)] = 30.0
    """Maintenance of the type snapshot deletes those of its targets that are older ..."""
    snapshot_keep_last: Count = 3
    """... but not so many of the newest of each schema."""
    pg_bin: Path | None = None
    """A directory with pg_dump, pg_restore and psql, looked into before PATH and the usual places."""

    lanes: Count = 4
    """How many connections may migrate one database at once, across all workers, unless its row says otherwise."""
    spare_lanes: Annotated[int, Field(ge=0)] = 1
    """On top of these, for events with a single target, so that they do not wait behind a bulk run."""
    lane_slice: Seconds = 3.0
    """How long a lane works before it makes room for more urgent events."""
    lease: Seconds = 20.0
    """How long a claim lasts without a sign of life; also when an unanswered message is delivered again."""
    stop_patience: Seconds = 15.0
    """How long a worker that is asked to stop finishes the targets in hand; then it gives them back, see operations."""
    lock_timeout: Seconds = 1.0
    """Longest wait for a lock of the server's."""
    schema_lock_wait: Seconds = 10.0
    """Longest wait for our own lock on a schema."""

    templates: bool = True
    """Whether new tenants are made from a template instead of replaying all migrations."""
    spares: Size = 0
    """How many schemas each tenant database keeps ready for tenants to come, unless its row says otherwise."""

    rollback_age_hours: Annotated[float, Field(gt=0)] = 24.0
    """An execution that ended longer ago is rolled back only by force."""

    preflight_every: Seconds = 10.0
    """How often a database is looked at while an execution is at work there."""
    preflight_patience: Seconds = 600.0
    """How long a database may be stopped without a break before its free targets fail."""
    preflight_limits: LimitSettings = LimitSettings()
    """A table in the file; JSON in the environment, such as {"transaction_stop": 60}."""

    breaker_url: SecretStr | None = None
    """Valkey or Redis for the circuit breakers; where results go, when that is one. Without any there are none."""
    breaker_failures: Count = 5
    """So many failures to reach a database, one after the other, open its breaker."""
    breaker_window: Seconds = 60.0
    """The first of them may be so old."""
    breaker_open_seconds: Seconds = 15.0
    """How long an open breaker lets nobody through; it doubles with each probe that fails."""
    breaker_open_longest: Seconds = 300.0
    """Longest time between two probes."""
    breaker_patience: Seconds = 600.0
    """How long work waits behind an open breaker before its targets fail with the reason."""

    retry_backoff: Seconds = 1.0
    """First pause before an event is tried again; it doubles each time, with jitter."""
    retry_backoff_max: Seconds = 60.0
    """Longest pause before an event is tried again."""
    max_retries: Annotated[int, Field(ge=0)] = 3
    """How often an event is tried again."""
    upkeep_every: Seconds = 5.0
    """How often upkeep looks for executions whose lanes were lost."""
    relay: bool = True
    """Whether each worker also relays what was published; else 'migrator relay' has to run somewhere."""
    relay_every: Seconds = 5.0
    """How often the relay looks for published events that nobody told it of."""
    progress_every: Seconds = 0.5
    """How often each lane reports progress."""

    performance: bool = True
    """Whether it is measured what each migration takes and writes."""

    maintenance: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")], Recurring] = {}
    """Recurring maintenance by name; in the environment as JSON."""

    alerts: AlertSettings = AlertSettings()
    """A table in the file, with a table for each channel; JSON in the environment."""

    traces: bool | None = None
    """Whether OpenTelemetry gets traces, with the extra otel; when not set, whether its own OTEL_ variables say where
    to."""

    live_folder: Path | None = None
    """Where workers leave their signs of life for 'migrator health --live'; a directory of the user's below the
    temporary one when not set."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: readable on a terminal, JSON elsewhere."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Strongest first; no dotenv and no secrets folder."""
        files = (TomlConfigSettingsSource(settings_cls, toml_file=file) for file in (TOML_FILE, LOCAL_FILE))
        return (init_settings, env_settings, *files)

    @model_validator(mode="after")
    def _signs_wholly_or_not(self) -> Settings:
        parts = ("signing_key", "signing_certificate", "signing_store")
        missing = [name for name in parts if getattr(self, name) is None]
        if 0 < len(missing) < len(parts):
            raise ValueError(f"signed messages need all of {', '.join(parts)}; missing: {', '.join(missing)}")
        return self

    def signing_password(self) -> bytes | None:
        """The passphrase as Celery wants it."""
        return self.signing_passphrase.get_secret_value().encode() if self.signing_passphrase else None

    def backend_url(self) -> str | None:
        """Where results go: named, or the broker when it can hold results."""
        if self.result_backend:
            return self.result_backend.get_secret_value()
        broker = self.broker_url.get_secret_value() if self.broker_url else ""
        return broker if _is_valkey(broker) else None

    def breaker_store_url(self) -> str | None:
        """Where the breakers are: named, or the result backend when it is one server of Valkey or Redis."""
        if self.breaker_url:
            return self.breaker_url.get_secret_value()
        backend = self.backend_url() or ""
        return backend if _is_valkey(backend) else None


def _is_valkey(url: str) -> bool:
    return url.startswith(("redis:", "rediss:", "valkey:", "valkeys:"))


@cache
def load() -> Settings:
    """The settings of this process, read and validated once. Raises pydantic's ValidationError with all mistakes."""
    return Settings(**_misspelt(os.environ))


def _misspelt(environment: Mapping[str, str]) -> dict[str, Any]:
    """Variables with our prefix that are no setting, given to the model so that it refuses them like any other."""
    names = (name.removeprefix("MIGRATOR_").lower() for name in environment if name.startswith("MIGRATOR_"))
    return {name: "unknown" for name in names if name not in Settings.model_fields}
