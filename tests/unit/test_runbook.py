"""The runbook has every symptom with what is seen, why, and commands; test_documents holds those against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.settings import Settings
from migrator.watch.alerts.rules import RULES

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
SYMPTOMS = dict(part.split("\n", 1) for part in re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:])


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_symptom_has_what_is_seen_why_and_what_to_type(symptom):
    assert "**You see**" in SYMPTOMS[symptom]
    assert "**Why:**" in SYMPTOMS[symptom] or "| why |" in SYMPTOMS[symptom]
    assert re.search(r"^```\n(?:.*\n)*?migrator ", SYMPTOMS[symptom], re.MULTILINE)


def test_every_alert_and_setting_that_the_runbook_names_is_there():
    named = {
        word for said in re.findall(r"alerts? ((?:`\w+`(?:, | or )?)+)", RUNBOOK) for word in re.findall(r"\w+", said)
    }
    rules = {rule.name for rule in RULES}
    assert named - {"or"} <= rules
    assert {"execution_halted", "execution_stalled", "breaker_open", "beat_silent", "drift_found"} <= named
    assert {"lock_timeout", "upkeep_every", "rollback_age_hours"} <= set(Settings.model_fields)
