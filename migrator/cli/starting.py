"""The first files of a project: settings with comments, and a migration to begin with. Overwrites nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from config.settings import TOML_FILE
from migrator.folder.new import next_files, write
from migrator.model.target import Scope

CONVENTIONS = ("flyway", "pairs", "per-folder", "sectioned", "numbered")
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_SETTINGS = """\
# Settings of migrator. Every one of them with its type and default: docs/settings.md.
# A variable MIGRATOR_<NAME> in the environment is stronger than this file, and the place for what is secret.
# 'migrator doctor' checks them.

# Where the fleet is registered and every execution is written down: a PostgreSQL database of our own.
{control}

# How events reach the workers: Valkey, Redis or RabbitMQ.
# broker_url = "redis://localhost:6379/0"

# Holds a folder for each scope: {scopes}.
migrations = {migrations}

# How databases without a credential of their own are entered: env:NAME, file:PATH or command:...; else .pgpass.
# credential = "env:MIGRATOR_DATABASE_PASSWORD"

# How many connections may migrate one database at once, across all workers.
# lanes = 4

# Where snapshots are kept: a directory, or any URL that fsspec knows.
# snapshots = "snapshots"

# What comes again and again; in UTC.
# [maintenance.nightly]
# schedule = "0 3 * * *"
# type = "analyze"
# window = 60
"""
_FIRST = """\
{header}
-- Every tenant gets this. Put your own first table here before you migrate: what is applied is not changed any more.
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""
_EXAMPLE_OF_BACK = "DROP TABLE account;\n"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person was asked."""

    control_url: str = ""
    migrations: Path = Path("migrations")
    convention: str = "flyway"


def is_begun(migrations: Path = Wishes().migrations) -> bool:
    """Whether the directory is a project already: it has settings, or migrations."""
    return TOML_FILE.exists() or migrations.is_dir()


def make_project(wishes: Wishes) -> tuple[Path, ...]:
    """Write what is not there yet; the files that were made. One with a password in it is for its owner alone."""
    made = []
    if not TOML_FILE.exists():
        TOML_FILE.touch(mode=0o600 if _PASSWORD.search(wishes.control_url) else 0o644)
        TOML_FILE.write_text(settings_text(wishes), encoding="utf-8")
        made.append(TOML_FILE)
    folder = wishes.migrations / Scope.TENANT.value
    if not folder.is_dir() or not any(folder.iterdir()):
        files = next_files(folder, "first", datetime.now(UTC), wishes.convention)
        filled = tuple(replace(file, text=_filled(file.path, file.text)) for file in files)
        write(filled)
        made += [file.path for file in filled]
    return tuple(made)


def settings_text(wishes: Wishes) -> str:
    """The settings file, with a comment for everything."""
    given = f"control_url = {json.dumps(wishes.control_url)}"
    control = given if wishes.control_url else '# control_url = "postgresql://localhost/migrator"'
    migrations = json.dumps(str(wishes.migrations))
    return _SETTINGS.format(control=control, migrations=migrations, scopes=", ".join(Scope))


def _filled(path: Path, text: str) -> str:
    """The empty file that 'migrator new' makes, with a statement in each way that it has."""
    if path.name.startswith("U") or path.name.endswith("down.sql"):
        return text.replace("-- As long as there is no statement here, this is no way back.\n", _EXAMPLE_OF_BACK)
    marker = re.search(r"^-- migrate:up\n\n(?=-- migrate:down)", text, re.MULTILINE)
    if marker:
        head, tail = text[: marker.end()], text[marker.end() :]
        return _FIRST.format(header=head.rstrip("\n")) + "\n" + tail.rstrip("\n") + "\n" + _EXAMPLE_OF_BACK
    return _FIRST.format(header=text.rstrip("\n"))
