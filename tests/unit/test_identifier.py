"""Which schema names are accepted."""

from __future__ import annotations

import pytest

from migrator.errors import EXIT_BAD_INPUT, BadSchemaName
from migrator.model.identifier import checked_schema_name, quoted


@pytest.mark.parametrize("name", ["tenant_acme", "a", "_a", "Tenant7", "public", "t" * 63, "pgbouncer", "user"])
def test_a_plain_name_is_accepted_as_it_is(name):
    assert checked_schema_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("t" * 64, "is 64 bytes long, PostgreSQL cuts names at 63"),
        ("7tenant", "is not a plain identifier"),
        ("tenant-acme", "is not a plain identifier"),
        ("tenant acme", "is not a plain identifier"),
        ("tenant.acme", "is not a plain identifier"),
        ("tenant_acme\n", "is not a plain identifier"),
        ("tenänt", "is not a plain identifier"),
        ('t"; DROP SCHEMA public CASCADE; --', "is not a plain identifier"),
        ("t\x00", "is not a plain identifier"),
        ("ä" * 32, "is 64 bytes long, PostgreSQL cuts names at 63"),
        ("pg_temp", "is reserved by PostgreSQL"),
        ("PG_toast", "is reserved by PostgreSQL"),
        ("information_schema", "is reserved by PostgreSQL"),
    ],
)
def test_a_name_that_is_unsafe_or_reserved_is_refused_with_the_rule_it_breaks(name, reason):
    with pytest.raises(BadSchemaName) as caught:
        checked_schema_name(name)
    assert f"schema name {name!r} {reason}; use 1 to 63 letters" in str(caught.value)


def test_a_refused_name_is_bad_input():
    assert BadSchemaName(name="x", reason="y").exit_code == EXIT_BAD_INPUT


def test_a_path_in_a_text_is_quoted_part_by_part():
    assert quoted("tenant_a", 'x"; --') == '"tenant_a"."x""; --"'
