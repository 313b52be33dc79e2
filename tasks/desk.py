"""What a worker process has at hand: settings, the control database, the migration folders."""

from __future__ import annotations

import os
import socket
import threading
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from config import settings as configuration
from config.alerts import AlertSettings, ChannelSettings
from config.settings import LimitSettings, Recurring, Settings
from migrator.errors import BadSettings, FolderMissing, SettingsMissing, UnknownVersion
from migrator.fleet.lanes import Budget
from migrator.fleet.store import Store
from migrator.folder import read_folder
from migrator.model.folder import Folder
from migrator.model.preflight import PreflightLimits
from migrator.model.target import Database, Scope
from migrator.model.version import Version
from migrator.schema.rules import Rules
from migrator.schema.session import Access
from migrator.schema.snapshot_store import SnapshotStore

_ROOMS: dict[str, type[BaseModel]] = {
    "alerts": AlertSettings,
    "maintenance": Recurring,
    "preflight_limits": LimitSettings,
}
"""Settings that have settings of their own."""
_stores: dict[int, Store] = {}
_folders: dict[Path, tuple[object, Folder]] = {}
_folders_lock = threading.Lock()


def settings() -> Settings:
    """The settings of this process. Raises BadSettings with every mistake in it."""
    try:
        return configuration.load()
    except SettingsError as error:
        raise BadSettings(mistakes=f"  {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(mistakes=f"  {configuration.TOML_FILE}: {error}") from None
    except ValidationError as error:
        raise BadSettings(mistakes="\n".join(map(_mistake, error.errors(include_input=False)))) from None


def _mistake(error: ErrorDetails) -> str:
    if not error["loc"]:  # about several of them
        return f"  {error['msg'].removeprefix('Value error, ')}"
    *outer, last = map(str, error["loc"])
    name = ".".join((*outer, last))
    if error["type"] != "extra_forbidden":
        return f"  {name}: {error['msg'].removeprefix('Value error, ')}"
    room = (ChannelSettings if "channels" in outer else _ROOMS.get(outer[0], Settings)) if outer else Settings
    similar = get_close_matches(last, room.model_fields, 1)
    return f"  {name}: there is no such setting" + (f"; did you mean {similar[0]}?" if similar else "")


def store() -> Store:
    """The control database, with connections of this process only: a forked child must not share its parent's.

    Raises ControlSchemaMissing when its tables are not those that this release needs.
    """
    if os.getpid() not in _stores:
        url = required(settings().control_url, "the control database", "MIGRATOR_CONTROL_URL")
        made = Store(url)
        made.check_schema()
        _stores.clear()
        _stores[os.getpid()] = made
    return _stores[os.getpid()]


def required(value: SecretStr | None, what: str, variable: str) -> str:
    """A setting's value. Raises SettingsMissing that names the variable."""
    if value is None:
        raise SettingsMissing(what=what, variable=variable)
    return value.get_secret_value()


def folder(scope: Scope) -> Folder:
    """The migration folder of a scope, read again only when a file in it changed.

    A scope without a folder has nothing to apply, unless it is the tenants': a wrong path must not look like
    a fleet that is current.
    """
    path = (settings().migrations / scope.value).absolute()
    if not path.is_dir():
        if scope is Scope.TENANT:
            raise FolderMissing(path=path)
        return Folder(path)
    with _folders_lock:
        known = _folders.get(path)
        if known is None or known[0] != _signature(known[1]):
            read = read_folder(path, scope=scope, shared=settings().shared_schemas)
            known = _folders[path] = (_signature(read), read)
        return known[1]


def known_version(scope: Scope | str, text: str | None) -> Version | None:
    """The version that somebody asked for, None for none. Raises UnknownVersion when the scope's folder lacks it."""
    if text is None:
        return None
    read, wanted = folder(Scope(scope)), Version(text)
    if read.find(wanted) is None:
        raise UnknownVersion(version=wanted, path=read.path, latest=read.latest)
    return wanted


def _signature(read: Folder) -> object:
    return sorted(trace for root in read.roots for trace in _traces(str(root)))


def _traces(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, time and size of each file below a folder; asked for every event, so it is told as quickly as can be."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _traces(entry.path)
            elif entry.is_file():
                stat = entry.stat()
                yield entry.path, stat.st_mtime_ns, stat.st_size


def access() -> Access:
    """How databases without a credential reference of their own are entered."""
    return Access(settings().credential, settings().passfile)


def rules(database: Database) -> Rules:
    """How the engine behaves towards a database."""
    chosen = settings()
    return Rules(
        history_table=chosen.history_table,
        shared_schemas=chosen.shared_schemas,
        lock_timeout=chosen.lock_timeout,
        statement_timeout=float(database.migration_timeout),
        schema_lock_wait=chosen.schema_lock_wait,
        measures=chosen.performance,
    )


def preflight_limits() -> PreflightLimits:
    """From where on what preflight finds is a warning or a stop."""
    return PreflightLimits(**settings().preflight_limits.model_dump())


def budget(database: Database) -> Budget:
    """How many lanes a database has."""
    return Budget(database.lanes or settings().lanes, settings().spare_lanes)


def snapshot_store() -> SnapshotStore:
    """Where snapshots are kept. Raises SnapshotStoreFailed when fsspec cannot open its address."""
    return SnapshotStore(settings().snapshots)


def pg_places() -> tuple[Path, ...]:
    """Where the client programs are looked for before anywhere else."""
    chosen = settings().pg_bin
    return (chosen,) if chosen else ()


@cache
def host() -> str:
    """The name of this machine, for leases and messages."""
    return socket.gethostname()
