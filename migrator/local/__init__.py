"""Embedded PostgreSQL and Valkey on loopback, for the demo, development and tests."""

from migrator.local.ports import free_port
from migrator.local.postgres import Postgres, client_programs
from migrator.local.services import LocalServices
from migrator.local.valkey import Valkey

__all__ = ["LocalServices", "Postgres", "Valkey", "client_programs", "free_port"]
