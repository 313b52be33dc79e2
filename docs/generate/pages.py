"""Every generated page, and what it is made from."""

from __future__ import annotations

from pathlib import Path

from docs.generate.commands import cli_page, summaries
from docs.generate.documents import json_page
from docs.generate.errors import errors_page
from docs.generate.settings import settings_page
from docs.generate.source import ROOT


def pages() -> dict[Path, str]:
    """Every generated file with the text that it should have."""
    return {
        ROOT / "docs" / "cli.md": cli_page(),
        ROOT / "docs" / "errors.md": errors_page(),
        ROOT / "docs" / "json.md": json_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "migrator" / "cli" / "summaries.py": summaries(),
    }
