"""The audit of dependencies: what is known fails, what is ignored has a reason, no network is no failure."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import migrator

SCRIPT = Path(migrator.__file__).parents[1] / ".ci" / "audit.py"
FOUND = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}


@pytest.fixture
def audit(monkeypatch):
    """Runs the script on an answer of pip-audit's; gives its exit code."""

    def run(answer: str, ignored=None):
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=answer))
        script = runpy.run_path(str(SCRIPT))
        script["IGNORED"].update(ignored or {})
        return script["main"]()

    return run


def answer(*vulnerabilities):
    return json.dumps({"dependencies": [{"name": "x", "version": "1.0", "vulns": list(vulnerabilities)}]})


def test_a_known_vulnerability_fails_and_is_named(audit, capsys):
    assert audit(answer(FOUND)) == 1
    assert "x 1.0: PYSEC-1, fixed in 1.1" in capsys.readouterr().err


def test_without_one_it_passes(audit):
    assert audit(answer()) == 0


@pytest.mark.parametrize("name", ["PYSEC-1", "CVE-2026-1"])
def test_one_that_is_ignored_by_any_of_its_names_passes(audit, name):
    assert audit(answer(FOUND), {name: "not reached by us"}) == 0


def test_when_nobody_can_be_asked_it_says_so_and_passes(audit, capsys):
    assert audit("") == 0
    assert "the audit of dependencies was not made" in capsys.readouterr().err


def test_a_source_that_knows_none_of_them_counts_as_nobody(audit, capsys):
    assert audit(json.dumps({"dependencies": [{"name": "x", "skip_reason": "not found"}]})) == 0
    assert "the audit of dependencies was not made" in capsys.readouterr().err


def test_every_ignored_advisory_has_a_reason():
    assert all(len(reason) > 20 for reason in runpy.run_path(str(SCRIPT))["IGNORED"].values())
