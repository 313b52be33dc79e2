"""What the pages are made of: scripts without a way in, frames, feeds, and estimates with their basis."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace

import pytest
from tornado.web import HTTPError

from migrator.errors import ControlDatabaseUnreachable
from migrator.model.event import EventType
from migrator.model.execution import ExecutionState
from migrator.model.readable import LONGEST_LINE, readable
from migrator.watch.estimate import estimate
from migrator.watch.execution_view import may
from migrator.watch.failure_groups import retry_command
from migrator.web import plugin
from migrator.web.hub import FASTEST, Frame, Hub, HubFull
from migrator.web.security import check_origin

STATIC, TEMPLATES = plugin.HERE / "static", plugin.HERE / "templates"
SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_ours_sets_text_only_as_text(script):
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|eval\(|Function\("
    )
    assert re.findall(ways, script.read_text()) == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_a_template_of_ours_has_nothing_inline_and_escapes_everything(template):
    source = template.read_text()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|{% *raw|autoescape None", source) == []


def test_what_is_vendored_has_its_licence_beside_it():
    for folder in (STATIC / "vendor").iterdir():
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text()


def test_every_module_that_a_script_imports_is_there():
    wanted = {name for script in SCRIPTS for name in re.findall(r'from "\./([\w.]+)"', script.read_text())}
    assert wanted
    assert wanted <= {script.name for script in SCRIPTS}


def test_somebody_who_comes_gets_the_whole_and_then_only_what_changed():
    first = Frame({"state": "running", "counts": {"done": 1}, "kind": "migrate"}, "dwww")
    second = Frame({"state": "running", "counts": {"done": 2}, "kind": "migrate"}, "ddrw")
    assert first.since(None) == ("complete", {**first.document, "cells": "dwww"})
    assert second.since(first) == ("change", {"counts": {"done": 2}, "changed_cells": [[1, "d"], [2, "r"]]})
    assert second.since(second) is None


def test_a_key_that_is_gone_is_told_as_null_and_other_cells_as_a_new_whole():
    before = Frame({"a": 1, "b": 2}, "ww")
    assert Frame({"a": 1}, "ww").since(before) == ("change", {"b": None})
    assert Frame({"a": 1, "b": 2}, "www").since(before) == ("complete", {"a": 1, "b": 2, "cells": "www"})


class Ledger:
    """A reader that counts how often it is asked, and may be away."""

    def __init__(self) -> None:
        self.reads, self.is_away, self.ends_after = 0, False, None

    def __call__(self) -> Frame:
        self.reads += 1
        if self.is_away:
            raise ControlDatabaseUnreachable(address="here", reason="it is away")
        return Frame({"reads": self.reads}, is_end=self.reads == self.ends_after)


def test_a_hundred_who_look_at_one_thing_are_fed_by_one_reader_which_rests_when_they_are_gone():
    async def scene():
        ledger, hub = Ledger(), Hub()
        listeners = [hub.join("e1", lambda: ledger) for _ in range(100)]
        await asyncio.sleep(5 * FASTEST)
        assert all(listener.frame is not None for listener in listeners)
        assert 2 <= ledger.reads <= 6
        for listener in listeners:
            hub.leave(listener)
        await asyncio.sleep(2 * FASTEST)
        rested = ledger.reads
        await asyncio.sleep(2 * FASTEST)
        assert (ledger.reads, hub.clients) == (rested, 0)

    asyncio.run(scene())


def test_one_who_comes_when_the_hub_is_full_is_told_so_and_a_place_that_is_left_is_free_again():
    async def scene():
        hub = Hub(most=2)
        first, _ = hub.join("a", Ledger), hub.join("b", Ledger)
        with pytest.raises(HubFull):
            hub.join("a", Ledger)
        hub.leave(first)
        hub.join("a", Ledger)

    asyncio.run(scene())


def test_a_ledger_that_is_away_is_told_as_trouble_and_the_last_frame_stays():
    async def scene():
        ledger, hub = Ledger(), Hub()
        listener = hub.join("e1", lambda: ledger)
        assert await listener.news(5)
        last, ledger.is_away = listener.frame, True
        while listener.trouble is None:
            assert await listener.news(5)
            last = listener.frame
        assert "it is away" in listener.trouble
        assert listener.frame is last
        ledger.is_away = False
        while listener.trouble:
            assert await listener.news(5)

    asyncio.run(scene())


def test_a_feed_ends_with_its_last_frame_and_one_who_comes_later_gets_a_new_one():
    async def scene():
        ledger, hub = Ledger(), Hub()
        ledger.ends_after = 1
        listener = hub.join("e1", lambda: ledger)
        while not listener.is_over:
            await listener.news(5)
        assert listener.frame.is_end
        again = hub.join("e1", Ledger)
        assert not again.is_over

    asyncio.run(scene())


def test_an_estimate_says_what_it_is_based_on():
    running = {"state": ExecutionState.RUNNING, "left": 100, "ended": 200, "seconds": 100.0}
    lately = estimate(**running, recent=60, recent_seconds=30.0)
    assert lately == {
        "rate": 2.0,
        "eta_seconds": 50.0,
        "basis": "from the 60 targets that ended in the last 30s",
    }
    assert estimate(**running, recent=0, recent_seconds=30.0)["basis"] == "from all 200 targets that ended so far"
    few = estimate(state=ExecutionState.RUNNING, left=9, ended=1, recent=1, recent_seconds=1.0, seconds=2.0)
    assert few == {"rate": None, "eta_seconds": None, "basis": "too few targets have ended to tell"}


def test_there_is_no_estimate_while_an_execution_stands_still():
    said = estimate(state=ExecutionState.PAUSED, left=9, ended=90, recent=30, recent_seconds=30.0, seconds=90.0)
    assert said == {"rate": None, "eta_seconds": None, "basis": "no estimate while it is paused"}


@pytest.mark.parametrize(
    ("state", "kind", "ways"),
    [
        ("running", "migrate", ["pause", "cancel"]),
        ("paused", "migrate", ["cancel", "resume"]),
        ("halted", "migrate", ["cancel", "resume", "retry", "rollback"]),
        ("failed", "migrate", ["retry", "rollback"]),
        ("completed", "migrate", ["rollback"]),
        ("completed", "validate", []),
        ("rolled_back", "migrate", []),
    ],
)
def test_only_what_an_execution_can_do_has_a_button(state, kind, ways):
    assert may(ExecutionState(state), kind, True) == ways


def test_the_command_of_a_failure_group_names_its_tenants_and_all_that_failed_where_they_are_many():
    few = SimpleNamespace(count=2, tenants=["7", "a b"])
    assert (
        retry_command("e1", "migrate", "3", few) == "migrator migrate --scope tenant --tenant 7 --tenant 'a b' --to 3"
    )
    many = SimpleNamespace(count=21, tenants=["7"] * 20)
    assert retry_command("e1", "migrate", None, many) == "migrator retry e1"
    regional = SimpleNamespace(count=1, tenants=[None])
    assert retry_command("e1", "migrate", None, regional) == "migrator retry e1"


def test_a_line_that_shows_an_event_has_only_fields_of_its_type_and_an_end():
    said = readable(EventType.TENANT_CREATED, {"password": "s3cret", "tenant_id": "7", "schema_name": "x" * 100})
    assert said.startswith("tenant_id=7, schema_name=xxx")
    assert "s3cret" not in said
    assert len(said) <= LONGEST_LINE
    assert readable(EventType.TENANT_CREATED, {}) == ""


@pytest.mark.parametrize(
    ("headers", "needs_token"),
    [
        ({"Authorization": "Basic x"}, False),
        ({"Authorization": "Basic x", "Origin": "http://here"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({}, True),
    ],
)
def test_a_post_needs_the_token_unless_a_program_says_its_password(headers, needs_token):
    asked = []
    check_origin(SimpleNamespace(request=SimpleNamespace(headers=headers, host="here")), lambda: asked.append(1))
    assert bool(asked) is needs_token


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://there"}, {"Origin": "null"}])
def test_a_post_from_another_site_is_refused_whatever_it_brings(headers):
    with pytest.raises(HTTPError) as refused:
        check_origin(SimpleNamespace(request=SimpleNamespace(headers=headers, host="here")), lambda: None)
    assert refused.value.status_code == 403
