"""The manual of lint has every rule as the code has it."""

from __future__ import annotations

from pathlib import Path

import migrator
from migrator.folder.lint.rules import RULES
from migrator.folder.lint.squawk import EVERYWHERE
from migrator.folder.lint.squawk import RULES as SQUAWKS

MANUAL = Path(migrator.__file__).parents[1] / "docs" / "lint.md"


def rows() -> list[str]:
    ours = [f"| `{rule.name}` | {rule.severity} | {rule.finds} | {rule.advice} |" for rule in RULES.values()]
    theirs = [
        f"| `{name}` | {severity} | {'yes' if name in EVERYWHERE else 'no'} |" for name, severity in SQUAWKS.items()
    ]
    return ours + theirs


def test_the_manual_has_a_row_for_each_rule_and_no_other():
    written = [line for line in MANUAL.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert written == rows()
