"""The control database: registry, events, ledger. Its own schema is a migration folder like any other."""

from pathlib import Path

SCHEMA = "migrator"
MIGRATIONS = Path(__file__).parent / "migrations"
