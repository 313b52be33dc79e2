"""Timeline, alerts and health in a browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from migrator.fleet import alerts
from migrator.model.alert import Changes, Finding, Severity
from tests.acceptance.nodes import wait_until
from tests.browser.conftest import PHONE
from tests.browser.many import executed
from tests.integration.small_fleet import failed

SAID = "execution e1 halted in wave 1 of 1. 0 of 4 targets are done, 4 failed. See 'migrator show e1'"


def fired(fleet) -> int:
    """An alert about an execution."""
    finding = Finding("execution_halted", "e1", Severity.ERROR, SAID, {"execution": "e1"})
    with fleet.store.begin() as connection:
        (id_,) = alerts.apply(connection, Changes(fire=(finding,)), datetime.now(UTC))
    return id_


def test_an_alert_is_silenced_and_told_again_from_its_page(fleet, dashboard, open_page, keep):
    page = open_page(f"{dashboard.url}/migrator/alerts")
    page.get_by_text("Nothing is wrong").wait_for()
    id_ = fired(fleet)
    alert = page.locator(f"#alert-{id_}")
    alert.wait_for()
    assert alert.locator(".m-alert-next").inner_text() == "See 'migrator show e1'"
    alert.locator("summary").click()
    alert.locator("details").get_by_text("fired").first.wait_for()
    keep(page, "alerts-light")

    alert.locator("[data-action='silence']").click()
    page.locator("#silence-for").select_option("28800")
    page.locator("#silence-because").fill("we are moving that server")
    page.locator("dialog [data-confirm='yes']").click()
    alert.get_by_text("we are moving that server").first.wait_for()
    with fleet.store.begin() as connection:
        row = alerts.find(connection, id_)
    assert row.silenced_by.startswith("dashboard@")
    assert 7.9 < (row.silenced_until - datetime.now(UTC)).total_seconds() / 3600 <= 8
    alert.locator("[data-action='unsilence']").click()
    page.locator("dialog [data-confirm='yes']").click()
    alert.locator("[data-action='silence']").wait_for()
    with fleet.store.begin() as connection:
        assert [row.change for row in alerts.changes(connection, id_)] == ["fired", "silenced", "unsilenced"]

    start = open_page(f"{dashboard.url}/migrator", PHONE, "dark")
    start.locator(f"#strips [data-alert='{id_}']").wait_for()
    assert start.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_timeline_shows_what_happened_and_is_exported_as_it_is_filtered(fleet, dashboard, open_page, keep):
    fleet.register(tenants=4)
    executed(fleet, range(1, 5), "e1", failed)
    fired(fleet)
    page = open_page(f"{dashboard.url}/migrator/timeline")
    page.locator("#happenings li[data-k='execution']").get_by_text("execution e1").wait_for()
    page.locator("#happenings li[data-k='alert']").wait_for()
    assert page.locator(".m-lane[data-k='execution'] .m-span").count() == 1
    assert page.locator(".m-lane[data-k='wave'] .m-mark").count() == 1
    keep(page, "timeline-light")

    page.locator("[data-kind='wave']").uncheck()
    wait_until(lambda: page.locator(".m-lane[data-k='wave']").count() == 0)
    with page.expect_download() as download:
        page.locator("#export").click()
    document = json.loads(Path(download.value.path()).read_text())
    assert {each["kind"] for each in document["happenings"]} == {"execution", "alert"}
    assert download.value.suggested_filename.startswith("timeline-")
    phone = open_page(page.url, PHONE, "dark")
    phone.locator("#happenings li[data-k='alert']").wait_for()
    assert phone.locator(".m-lane[data-k='wave']").count() == 0
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(phone, "timeline-phone-dark")


def test_health_shows_what_does_not_work_first_with_what_to_do(fleet, dashboard, open_page, keep):
    page = open_page(f"{dashboard.url}/migrator/health", scheme="dark")
    page.locator("#checks .m-check").first.wait_for(timeout=60_000)
    assert page.locator("#checks .m-check").first.get_attribute("data-health") == "fail"
    assert "celery -A tasks worker" in page.locator("[data-check='workers'] .m-advice").inner_text()
    assert page.locator("[data-check='control database']").get_attribute("data-health") == "ok"
    keep(page, "health-dark")
