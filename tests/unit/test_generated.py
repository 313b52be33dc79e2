"""What is made from the code is as the code would make it now."""

from __future__ import annotations

from pathlib import Path

import pytest

import migrator
from docs.generate.commands import commands
from docs.generate.pages import pages
from migrator.cli.summaries import SUMMARIES

ROOT = Path(migrator.__file__).parents[1]


@pytest.mark.parametrize("name", [str(path.relative_to(ROOT)) for path in pages()])
def test_a_generated_page_is_current(name):
    assert pages()[ROOT / name] == (ROOT / name).read_text(encoding="utf-8"), "run: make docs"


def test_the_same_code_makes_the_same_pages(monkeypatch):
    before = pages()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("MIGRATOR_LANES", "9")
    assert pages() == before


def test_every_setting_is_in_its_page_with_its_meaning():
    from config.settings import Settings

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"| `{name}` |" not in page] == []


def test_summaries_have_nothing_that_is_gone():
    groups = {name for name, group in commands() if type(group).__name__ == "LazyGroup"}
    assert set(SUMMARIES) == groups
