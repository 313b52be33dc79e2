"""The README's five minutes, block by block in one shell, in an empty directory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.acceptance.guides import programs, sections, shell

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty():
    """A directory that the embedded servers' own account can enter."""
    with tempfile.TemporaryDirectory(prefix="migrator-readme-") as place:
        Path(place).chmod(0o755)
        yield Path(place)


def test_the_readme_leads_from_an_empty_directory_to_a_migrated_fleet(empty, services):
    blocks = [text for language, text in sections(ROOT / "README.md")["Your own fleet in five minutes"] if language]
    *steps, down = blocks
    assert "migrator local down" in down
    environment = {"PATH": programs(services.postgres.bin)}
    try:
        said = shell("\n".join(steps), empty, environment, 240)
    finally:
        shell(down, empty, environment)
    for words in ("V1__customers.sql", "tenant_acme", "2 of 2"):
        assert words in said, said
    assert "at version 3" in said, said
    assert not list(empty.glob(".migrator/*.json"))
