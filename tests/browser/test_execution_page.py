"""A rollout of 300 tenants, watched and steered in a browser."""

from __future__ import annotations

from uuid import uuid4

import psycopg2
import pytest

import tasks
from migrator.fleet import claims
from tests.acceptance.nodes import wait_until
from tests.browser.conftest import PHONE
from tests.integration.small_fleet import done, failed, found, lane, opened

TENANTS = 300
BROKEN = range(40, 52)
MIGRATION = """SELECT pg_sleep(0.06);
CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);
"""


@pytest.fixture
def worker_settings():
    return {
        "MIGRATOR_LANES": "3",
        "MIGRATOR_LOCK_TIMEOUT": "5",
        "MIGRATOR_PROGRESS_EVERY": "0.1",
        "MIGRATOR_UPKEEP_EVERY": "0.5",
    }


@pytest.fixture
def rollout(fleet, celery_setup):
    """Starts a rollout through the API, in which some tenants will fail with the same error."""
    fleet.write("V1__account.sql", MIGRATION)
    fleet.register(tenants=TENANTS)
    for number in BROKEN:
        name = f"tenant_{number}"
        fleet.rows(fleet.home(number), f"CREATE SCHEMA {name}; CREATE TABLE {name}.account ()")

    def start(**more):
        wishes = {"canary": 2, "wave_size": "40%", "max_failures": "20%", **more}
        request = {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "ann@shop"}
        sent = tasks.migration_requested.delay(**request, **wishes)
        wait_until(lambda: fleet.execution(sent.id), "the rollout did not begin")
        return sent.id

    return start


def count(page, name) -> int:
    said = page.locator(f"#counts [data-count='{name}'] b").inner_text()
    return int(said.replace(",", ""))


def width(page) -> float:
    return page.evaluate("parseFloat(document.querySelector('#bar i[data-s=d]').style.width) || 0")


def press(page, action):
    """A button, and the one in the dialog that it asks with."""
    page.locator(f"[data-action='{action}']").click()
    page.locator("dialog [data-confirm='yes']").click()


def in_state(page, state):
    page.locator(f"#status .m-state[data-state='{state}']").wait_for(timeout=60_000)


def test_a_rollout_is_watched_paused_resumed_and_seen_to_its_end(fleet, rollout, dashboard, open_page, keep):
    execution = rollout()
    page = open_page(f"{dashboard.url}/migrator/executions/{execution}")
    page.get_by_role("heading", name="Migrate 300 tenant schemas to the newest version").wait_for()
    assert "ann@shop" in page.locator("#who").inner_text()
    before = wait_until(lambda: width(page), "the bar did not begin")
    wait_until(lambda: width(page) > before, "the bar did not move")

    group = page.locator("#failures .m-group[data-sqlstate='42P07']")
    group.wait_for(timeout=60_000)
    assert "CREATE TABLE account" in group.locator(".m-sql").inner_text()
    assert "migrator " in group.locator(".m-command").inner_text()

    press(page, "pause")
    in_state(page, "paused")
    assert fleet.execution(execution).state == "paused"
    wait_until(lambda: fleet.rows("control", "SELECT 1 FROM migrator.outcome WHERE state = 'running'") == [])
    done = fleet.execution(execution).done
    wait_until(lambda: count(page, "done") == done, "the page did not come to rest")
    page.locator("#actions").get_by_text("pause").wait_for()
    assert "dashboard@" in page.locator("#actions").inner_text()
    keep(page, "execution-paused-light")

    press(page, "resume")
    in_state(page, "running")
    page.emulate_media(color_scheme="dark")
    wait_until(lambda: page.locator("#grid i[data-s='d']").count() > TENANTS / 2, "the grid did not move", 60)
    keep(page, "execution-running-dark")
    page.emulate_media(color_scheme="light")

    in_state(page, "failed")
    assert (count(page, "done"), count(page, "failed"), count(page, "left")) == (TENANTS - len(BROKEN), len(BROKEN), 0)
    assert page.locator("#grid i[data-s='f']").count() == len(BROKEN)
    assert f"{len(BROKEN)} \N{MULTIPLICATION SIGN}" in group.inner_text()
    page.locator("#grid i[data-s='f']").first.click()
    page.locator("#target").get_by_text("42P07", exact=True).wait_for()
    keep(page, "execution-failed-light")
    phone = open_page(page.url, PHONE, "dark")
    phone.locator("#failures .m-group").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(phone, "execution-phone-dark")


def test_a_retry_from_the_page_takes_up_what_failed(fleet, rollout, dashboard, open_page):
    execution = rollout(max_failures="1", wave_size="100%", canary=0)
    page = open_page(f"{dashboard.url}/migrator/executions/{execution}")
    in_state(page, "halted")
    for number in BROKEN:
        fleet.rows(fleet.home(number), f"DROP TABLE tenant_{number}.account")
    press(page, "retry")
    in_state(page, "completed")
    assert count(page, "done") == TENANTS
    assert {action for (action,) in fleet.rows("control", "SELECT action FROM migrator.action")} == {"retry"}


def test_a_copied_command_is_the_one_that_retries_just_the_failures_of_its_group(fleet, rollout, dashboard, open_page):
    execution = rollout(canary=0, wave_size="100%", max_failures="100%")
    page = open_page(f"{dashboard.url}/migrator/executions/{execution}")
    in_state(page, "failed")
    page.locator("#failures .m-command button").click()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line.startswith("migrator migrate --scope tenant --tenant ")
    for number in BROKEN:
        fleet.rows(fleet.home(number), f"DROP TABLE tenant_{number}.account")
    code, report = fleet.command_json(*line.split()[1:])
    assert (code, report["total"], report["done"]) == (0, len(BROKEN), len(BROKEN))


def test_ten_thousand_targets_are_drawn_and_updated_without_a_burden(fleet, dashboard, open_page, keep):
    execution = opened(fleet.store, [*found(5_000, "eu-1"), *found(5_000, "eu-2")])
    page = open_page(f"{dashboard.url}/migrator/executions/{execution}")
    page.locator("#grid i").nth(9_999).wait_for(state="attached")
    with fleet.store.begin() as connection:
        batch = claims.claim(connection, lane(database_id="eu-2", seconds=600), 100)
        ended = [failed(claim) if at % 9 == 0 else done(claim) for at, claim in enumerate(batch)]
        claims.write_outcomes(connection, execution, ended)
    wait_until(lambda: count(page, "done") + count(page, "failed") == 100, "the page did not follow")
    assert page.locator("#grid i[data-s='f']").count() == count(page, "failed") > 0
    page.locator("#grid i").nth(5_000).click()
    page.locator("#target").get_by_text("eu-2/tenant_000").wait_for()
    slowest = page.evaluate(LONGEST_FRAME)
    assert slowest < 1000, f"the page stood still for {slowest} ms"
    keep(page, "execution-10000-light")


def test_who_blocks_whom_is_shown_while_it_lasts(fleet, dashboard, celery_setup, open_page, keep):
    fleet.write("V1__account.sql", "ALTER TABLE account ADD COLUMN name text;")
    fleet.register(tenants=2)
    for number in (1, 2):
        fleet.rows(fleet.home(number), f"CREATE SCHEMA tenant_{number}; CREATE TABLE tenant_{number}.account (id int)")
    holder = psycopg2.connect(fleet.services.postgres.url(fleet.names["two"]), application_name="nightly report")
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE tenant_1.account IN ACCESS SHARE MODE")
    sent = tasks.migration_requested.delay(
        request_id=uuid4().hex, scope="tenant", requested_by="ann", canary=0, force_execution=True
    )
    wait_until(lambda: fleet.execution(sent.id), "the rollout did not begin")
    page = open_page(f"{dashboard.url}/migrator/executions/{sent.id}")
    blocked = page.locator("#activity .m-blocked").first
    blocked.wait_for(timeout=60_000)
    assert "nightly report" in blocked.inner_text()
    assert "AccessExclusiveLock on tenant_1.account" in page.locator("#activity").inner_text()
    keep(page, "execution-blocked-light")
    holder.close()
    in_state(page, "completed")


LONGEST_FRAME = """new Promise((resolve) => {
  let last = performance.now(), longest = 0, frames = 0;
  const step = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    if (++frames === 30) resolve(longest); else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
