"""The dashboard asked by plain HTTP clients: closed, live, steered, and right again after a restart."""

from __future__ import annotations

import json
import time
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

import tasks
from migrator.fleet import claims
from migrator.web.plugin import READ_BY_PROGRAMS
from migrator.web.routes import ACTIONS, ROUTES, STREAMS
from tests.acceptance.dashboards import Dashboard, basic
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until
from tests.integration.small_fleet import done, found, lane, opened

ANN = basic("ann", "s3cret")
PAGES_OF_FLOWER = ["/", "/workers", "/tasks", "/broker", "/task/1", "/api/tasks", "/api/workers", "/no-such-page"]
JSON = {"Content_Type": "application/json"}


@pytest.fixture
def closed(fleet, celery_setup_app, celery_broker_cluster, tmp_path):
    """A dashboard with basic authentication."""
    running = Dashboard(fleet.environment, tmp_path, "--basic_auth=ann:s3cret")
    try:
        yield running.start()
    finally:
        running.stop()


def address(pattern: str, execution: str) -> str:
    """An address of a pattern; what is unknown is 404 for those who may ask."""
    named = pattern.replace("([^/]{1,200})", execution).replace("([0-9]{1,18})", "1")
    return named.replace("(pause|resume|cancel|retry)", "pause")


def refusal(dashboard, path, **headers) -> tuple[int, str]:
    with pytest.raises(HTTPError) as refused:
        dashboard.ask(path, b"{}", **headers)
    return refused.value.code, json.loads(refused.value.read())["error"]


def test_with_basic_auth_nothing_at_all_is_answered_without_credentials(fleet, closed):
    execution = opened(fleet.store, found(3))
    streams = {address(pattern, execution) for pattern, *_ in STREAMS}
    ours = [address(pattern, execution) for pattern, *_ in ROUTES]
    for path in [*ours, *PAGES_OF_FLOWER, *READ_BY_PROGRAMS]:
        post = b"{}" if path in {address(pattern, execution) for pattern, *_ in ACTIONS} else None
        assert closed.status(path, post) == 401, path
        assert closed.status(path, post, Authorization=basic("ann", "wrong")) == 401, path
        if post is None and path not in streams:
            assert closed.status(path, Authorization=ANN) in (200, 404, 503), path
    assert fleet.execution(execution).state == "running"


def test_a_refusal_carries_the_challenge_that_lets_a_browser_ask(closed):
    for path in (
        "/migrator/executions",
        "/migrator/api/executions",
        "/migrator/stream/fleet",
        "/api/tasks",
        "/metrics",
    ):
        with pytest.raises(HTTPError) as refused:
            closed.get(path)
        assert refused.value.headers["WWW-Authenticate"] == 'Basic realm="flower"', path


def test_who_steers_is_written_down_by_the_name_of_the_login(fleet, closed):
    execution = opened(fleet.store, found(3))
    said = json.load(closed.ask(f"/migrator/api/executions/{execution}/pause", b"{}", Authorization=ANN, **JSON))
    assert (said["state"], said["changed"]) == ("paused", True)
    assert fleet.rows("control", "SELECT action, by FROM migrator.action") == [("pause", "ann")]


def test_a_post_that_another_site_made_a_browser_send_is_refused(fleet, dashboard, closed):
    execution = opened(fleet.store, found(3))
    path = f"/migrator/api/executions/{execution}/cancel"
    for running, more in ((dashboard, {}), (closed, {"Authorization": ANN})):
        assert running.status(path, b"{}", Sec_Fetch_Site="cross-site", **more) == 403
        assert running.status(path, b"{}", Origin="http://evil.example", **more) == 403
        assert running.status(path, b"{}", Origin=running.url, Sec_Fetch_Site="same-origin", **more) == 403
    assert dashboard.status(path, b"{}") == 403
    assert fleet.execution(execution).state == "running"
    token = {"Cookie": "_xsrf=token", "X_XSRFToken": "token"}
    assert dashboard.status(path, b"{}", Origin=dashboard.url, Sec_Fetch_Site="same-origin", **token) == 200
    assert fleet.execution(execution).state == "cancelled"


def test_what_an_execution_cannot_do_is_refused_in_a_sentence(fleet, closed):
    execution = opened(fleet.store, found(1))
    assert refusal(closed, f"/migrator/api/executions/{execution}/retry", Authorization=ANN) == (
        409,
        f"execution {execution} is running and cannot be retried; nothing was changed. 'migrator show' tells more",
    )
    assert refusal(closed, "/migrator/api/executions/none/pause", Authorization=ANN)[0] == 404
    with pytest.raises(HTTPError) as missing:
        closed.ask("/migrator/executions/none", Authorization=ANN)
    assert missing.value.code == 404
    assert "there is no execution none" in missing.value.read().decode()


@pytest.mark.parametrize("dashboard_options", [("--read_only",)])
def test_a_read_only_dashboard_refuses_every_action_and_shows_no_button(fleet, dashboard):
    execution = opened(fleet.store, found(3))
    token = {"Cookie": "_xsrf=token", "X_XSRFToken": "token"}
    for path in [address(pattern, execution) for pattern, *_ in ACTIONS]:
        code, sentence = refusal(dashboard, path, **token)
        assert (code, sentence) == (403, "this dashboard is read-only; nothing was done")
    assert 'data-read-only="yes"' in dashboard.get(f"/migrator/executions/{execution}").read().decode()
    assert fleet.execution(execution).state == "running"


@pytest.mark.parametrize("dashboard_options", [("--url_prefix=ops",)])
def test_everything_works_below_a_prefix(fleet, dashboard):
    execution = opened(fleet.store, found(3))
    page = dashboard.get(f"/ops/migrator/executions/{execution}").read().decode()
    assert 'data-root="/ops/migrator"' in page
    assert dashboard.status("/ops/migrator/static/execution.js") == 200
    with dashboard.stream(f"/ops/migrator/stream/executions/{execution}") as told:
        assert next(told)[0] == "complete"


def test_every_answer_has_the_headers_that_keep_browsers_out_of_trouble(dashboard):
    for path in ("/migrator/executions", "/migrator/api/executions", "/migrator/static/dom.js", "/tasks", "/metrics"):
        headers = dashboard.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0], path
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff"), path
    assert "unsafe" not in dashboard.get("/migrator/executions").headers["Content-Security-Policy"]


def test_our_documents_are_for_no_other_site_even_where_flowers_api_was_opened(fleet, tmp_path, celery_setup_app):
    running = Dashboard({**fleet.environment, "FLOWER_UNAUTHENTICATED_API": "true"}, tmp_path)
    try:
        running.start()
        assert running.get("/migrator/api/executions").headers["Access-Control-Allow-Origin"] is None
    finally:
        running.stop()


def test_monitoring_gets_flowers_metrics_with_ours_behind_them_and_probes_that_say_what_they_found(
    fleet, dashboard, celery_setup
):
    opened(fleet.store, found(1))
    families = {family.name for family in text_string_to_metric_families(dashboard.get("/metrics").read().decode())}
    assert {"flower_events", "migrator_build_info", "migrator_executions", "migrator_queue_messages"} <= families
    for path in ("/healthz", "/readyz"):
        assert dashboard.json(path)["health"] in ("ok", "warn"), path


def test_a_stream_tells_a_run_from_its_first_frame_to_its_end(fleet, dashboard, celery_setup):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.1);")
    fleet.register(tenants=60)
    sent = tasks.migration_requested.delay(request_id=uuid4().hex, scope="tenant", requested_by="ann")
    wait_until(lambda: fleet.execution(sent.id))
    with dashboard.stream(f"/migrator/stream/executions/{sent.id}", Last_Event_ID="17") as told:
        frames = [frame for frame in told if frame[0] != "heartbeat"]
    names = [name for name, _, _ in frames]
    assert (names[0], names[-1]) == ("complete", "end")
    assert set(names[1:-1]) == {"change"}
    assert len(names) > 4
    whole = frames[0][1]
    assert len(whole["targets"]) == len(whole["cells"]) == 60
    letters = list(whole["cells"])
    for _, change, _ in frames[1:-1]:
        for at, letter in change.get("changed_cells", ()):
            letters[at] = letter
    assert letters == ["d"] * 60
    moments = [moment for name, _, moment in frames if name != "end"]
    fastest = max(sum(1 for m in moments if start <= m < start + 1) for start in moments)
    assert fastest <= 5, "four frames a second, and the one at the edge"
    assert {k: v for _, d, _ in frames[:-1] for k, v in d.items()}["state"] == "completed"


def test_a_stream_on_which_nothing_happens_is_kept_alive_and_a_change_is_told_within_a_second(fleet, dashboard):
    execution = opened(fleet.store, found(50))
    claimed = lane(seconds=600)
    with dashboard.stream(f"/migrator/stream/executions/{execution}") as told:
        assert next(told)[0] == "complete"
        assert next(told)[0] == "heartbeat"
        with fleet.store.begin() as connection:
            batch = claims.claim(connection, claimed, 1)
            claims.write_outcomes(connection, execution, [done(batch[0])])
        written = time.monotonic()
        name, change, moment = next(frame for frame in told if frame[0] != "heartbeat")
    assert (name, change["counts"]["done"]) == ("change", 1)
    assert moment - written < 1.0


def test_however_many_look_the_ledger_is_read_once_and_one_too_many_is_told_so(fleet, dashboard):
    execution = opened(fleet.store, found(5))
    path = f"/migrator/stream/executions/{execution}"
    answers = [dashboard.ask(path) for _ in range(200)]
    try:
        began = fleet.rows("control", READS)[0][0]
        time.sleep(3)
        reads = fleet.rows("control", READS)[0][0] - began
        assert reads < 400 + 3 / 0.25 * 2 + 200, "one look each for those who came, then some for all of them together"
        with pytest.raises(HTTPError) as refused:
            dashboard.ask(path)
        assert refused.value.code == 503
        assert "200 windows are open" in json.loads(refused.value.read())["error"]
    finally:
        for answer in answers:
            answer.close()
    wait_until(lambda: dashboard.status("/migrator/executions") == 200)
    wait_until(lambda: _is_let_in(dashboard, path), "the clients that left were not let go")


READS = "SELECT sum(xact_commit)::int FROM pg_stat_database WHERE datname = current_database()"


def _is_let_in(dashboard, path) -> bool:
    try:
        with dashboard.stream(path) as told:
            return next(told)[0] == "complete"
    except HTTPError:
        return False


def test_after_a_restart_in_mid_run_the_first_frame_is_right_again(fleet, dashboard):
    execution = opened(fleet.store, found(50))
    with fleet.store.begin() as connection:
        batch = claims.claim(connection, lane(seconds=600), 5)
        claims.write_outcomes(connection, execution, [done(claim) for claim in batch])
    dashboard.kill()
    dashboard.start()
    with dashboard.stream(f"/migrator/stream/executions/{execution}") as told:
        name, whole, _ = next(told)
    assert (name, whole["counts"]["done"], whole["counts"]["left"]) == ("complete", len(batch), 50 - len(batch))
