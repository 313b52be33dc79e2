"""What is made from the code is as the code would make it now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import migrator
from migrator.cli.summaries import SUMMARIES

ROOT = Path(migrator.__file__).parents[1]


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["docs/cli.md", "docs/json.md", "docs/settings.md", "migrator/cli/summaries.py"])
def test_a_generated_page_is_current(generate, name):
    assert generate.pages()[ROOT / name] == (ROOT / name).read_text(encoding="utf-8"), "run: make docs"


def test_the_same_code_makes_the_same_pages(generate, monkeypatch):
    before = generate.pages()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("MIGRATOR_LANES", "9")
    assert generate.pages() == before


def test_every_setting_is_in_its_page_with_its_meaning(generate):
    from config.settings import Settings

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"| `{name}` |" not in page] == []


def test_summaries_have_nothing_that_is_gone(generate):
    groups = {name for name, group in generate.commands() if type(group).__name__ == "LazyGroup"}
    assert set(SUMMARIES) == groups
