"""What is to be done about a spare, and which names are kept for spares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.errors import BadPayload
from migrator.model.door import parse_payload
from migrator.model.event import EventType
from migrator.model.spare import SPARE, Care, Seen, Spare, SpareState, care_for, told_state
from migrator.model.target import Database, DatabaseKind
from migrator.schema.spare import new_name
from tasks import desk, spares

READY = Spare("one", "migrator_spare_1", SpareState.READY, "d1", "1", "f", "s", 1)
SEEN = Seen("f", "s")


def test_a_spare_that_is_as_it_was_verified_is_kept():
    assert care_for(READY, SEEN, "d1", busy=False) is Care.KEEP
    assert care_for(READY, SEEN, "d1", busy=True) is Care.KEEP


def test_a_spare_whose_catalog_was_only_written_anew_is_kept():
    assert care_for(READY, Seen("f", "another"), "d1", busy=False) is Care.KEEP


def test_a_spare_that_is_behind_is_brought_forward_when_no_rollout_is_at_work():
    assert care_for(READY, SEEN, "d2", busy=False) is Care.FORWARD
    assert care_for(READY, SEEN, "d2", busy=True) is Care.LEAVE


@pytest.mark.parametrize("digest", ["d1", "d2"])
def test_a_spare_that_somebody_changed_is_dropped_whether_it_is_behind_or_not(digest):
    assert care_for(READY, Seen("other", "s"), digest, busy=True) is Care.DROP


@pytest.mark.parametrize("state", [SpareState.MAKING, SpareState.FAILED])
def test_a_spare_that_was_not_finished_or_failed_is_dropped(state):
    assert care_for(replace(READY, state=state), SEEN, "d1", busy=False) is Care.DROP


def test_a_spare_that_is_being_taken_is_left_alone_until_its_taker_is_over():
    taken = replace(READY, state=SpareState.TAKEN, is_over=False)
    assert care_for(taken, None, "d1", busy=False) is Care.LEAVE
    assert care_for(taken, SEEN, "d2", busy=False) is Care.LEAVE
    assert care_for(replace(taken, is_over=True), SEEN, "d1", busy=False) is Care.KEEP


@pytest.mark.parametrize("state", list(SpareState))
def test_a_spare_without_a_schema_is_forgotten(state):
    assert care_for(replace(READY, state=state), None, "d1", busy=False) is Care.FORGET


def test_people_are_told_that_a_ready_spare_of_another_state_is_behind():
    assert (told_state(READY, "d1"), told_state(READY, "d2"), told_state(READY, None)) == ("ready", "behind", "ready")
    assert told_state(replace(READY, state=SpareState.TAKEN), "d2") == "taken"


@pytest.mark.parametrize("name", [SPARE, SPARE + "0123", SPARE.upper() + "X"])
def test_no_tenant_may_have_a_schema_that_is_called_like_a_spare(name):
    payload = {"tenant_id": "1", "tenant_slug": "a", "database_id": "one", "schema_name": name, "region": "eu"}
    with pytest.raises(BadPayload, match="kept for spare schemas"):
        parse_payload(EventType.TENANT_CREATED, payload)


def test_the_names_of_spares_are_all_different():
    names = {new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(SPARE) and len(name) <= 63 for name in names)


@pytest.mark.parametrize(
    ("kind", "own", "setting", "templates", "wanted"),
    [
        (DatabaseKind.TENANT, None, 2, True, 2),
        (DatabaseKind.TENANT, 0, 2, True, 0),
        (DatabaseKind.TENANT, 5, 0, True, 5),
        (DatabaseKind.ADMIN, 5, 2, True, 0),
        (DatabaseKind.TENANT, None, 2, False, 0),
    ],
)
def test_a_database_wants_as_many_spares_as_it_says_else_as_the_setting_says(
    monkeypatch, kind, own, setting, templates, wanted
):
    chosen = desk.settings().model_copy(update={"spares": setting, "templates": templates})
    monkeypatch.setattr(desk, "settings", lambda: chosen)
    assert spares.wanted_spares(Database("one", "one", kind, spares=own)) == wanted
