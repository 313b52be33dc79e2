"""The fleet in a browser: ten thousand tenants at a glance, filtered, and live."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until
from tests.browser.conftest import PHONE
from tests.browser.many import executed, marked
from tests.browser.test_execution_page import LONGEST_FRAME
from tests.integration.small_fleet import failed

MANY = 10_000
BROKEN = [number for number in range(1, 400, 7) if number % 97]
BEHIND = [number for number in range(97, MANY + 1, 97) if number not in BROKEN]
REGIONS = """UPDATE migrator.tenant SET region = (ARRAY['eu', 'us', 'ap'])[1 + id::int % 3],
    labels = CASE WHEN id::int % 10 = 0 THEN '{"tier": "gold"}' ELSE '{}' END::jsonb"""
SHOWN = "[...document.querySelectorAll('#grid canvas')].reduce((sum, each) => sum + Number(each.dataset.shown), 0)"


def condition(page, name: str) -> int:
    """How many targets the page counts in a condition."""
    place = page.locator(f"#conditions [data-condition='{name}'] b")
    return int(place.inner_text().replace(",", "")) if place.count() else 0


def shown(page) -> int:
    """How many cells are drawn."""
    return page.evaluate(SHOWN)


def test_ten_thousand_tenants_are_seen_filtered_and_followed_without_a_burden(fleet, dashboard, open_page, keep):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__name.sql", SECOND)
    fleet.register(tenants=MANY)
    fleet.rows("control", REGIONS)
    marked(fleet, MANY)
    executed(fleet, BROKEN, "e1", lambda claim: failed(claim, f'relation "x{claim.schema_name}" already exists'))
    for home in fleet.databases:
        mine = [number for number in BROKEN if fleet.home(number) == home]
        unmarked = (f"COMMENT ON TABLE tenant_{number}.flyway_schema_history IS NULL" for number in mine)
        fleet.rows(home, ";".join(unmarked))

    page = open_page(f"{dashboard.url}/migrator")
    page.get_by_role("heading", name="10,000 targets, 2 databases").wait_for(timeout=60_000)
    wait_until(lambda: condition(page, "failed") == len(BROKEN), "failures are not shown")
    assert (condition(page, "behind"), condition(page, "ahead"), shown(page)) == (len(BEHIND), 3, MANY)
    keep(page, "fleet-10000-light")

    page.locator("#conditions [data-condition='failed']").click()
    wait_until(lambda: shown(page) == len(BROKEN))
    assert parse_qs(urlparse(page.url).query) == {"state": ["failed"]}
    assert page.locator("#list tbody tr").count() == 50
    error = f"{len(BROKEN)} \N{MULTIPLICATION SIGN} relation <value> already exists"
    page.locator("#filter-error").select_option(label=error)
    assert shown(page) == len(BROKEN)

    page.get_by_role("button", name="Show all").click()
    took = page.evaluate(FILTER_TIME, "tenant_77")
    assert shown(page) == len([number for number in range(1, MANY + 1) if str(number).startswith("77")])
    assert took < 1000, f"to filter took {took} ms"
    page.locator("#filter-q").fill("")
    page.locator("#filter-region").select_option("us")
    assert shown(page) == len(range(1, MANY + 1, 3))
    page.locator("#filter-label").select_option("tier=gold")
    page.locator("#filter-version").select_option("1")
    gold = [number for number in BEHIND if number % 10 == 0 and number % 3 == 1]
    assert shown(page) == len(gold) > 0

    other = open_page(page.url, PHONE, "dark")
    other.locator("#list tbody tr").first.wait_for()
    assert shown(other) == len(gold)
    assert other.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(other, "fleet-phone-dark")

    page.get_by_role("button", name="Show all").click()
    executed(fleet, range(8000, 8100), "e2", lambda claim: None)
    wait_until(lambda: condition(page, "running") == 100, "the page does not follow")
    slowest = page.evaluate(LONGEST_FRAME)
    assert slowest < 1000, f"the page stood still for {slowest} ms"
    page.emulate_media(color_scheme="dark")
    keep(page, "fleet-10000-dark")


def test_a_database_that_cannot_be_asked_is_seen_with_the_reason_and_says_nothing_of_others(
    fleet, dashboard, open_page
):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    fleet.rows("control", "UPDATE migrator.database SET name = 'gone' WHERE id = 'two'")
    page = open_page(f"{dashboard.url}/migrator")
    page.locator("#grid [data-database='two'] .m-bad").wait_for()
    assert "gone" in page.locator("#grid [data-database='two'] .m-bad").inner_text()
    wait_until(lambda: (condition(page, "unreachable"), condition(page, "none")) == (2, 2), "conditions are wrong")


FILTER_TIME = """(wanted) => new Promise((resolve) => {
  const place = document.getElementById('filter-q');
  const begun = performance.now();
  place.value = wanted;
  place.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
})"""
