"""Keeps the PostgreSQL schemas of a multi-tenant fleet at the right version."""

__version__ = "0.1.0"
