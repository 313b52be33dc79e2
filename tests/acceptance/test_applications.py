"""The applications in examples/ run for real, started by their READMEs: customers sign up and see when all is ready."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import requests

from migrator.local import free_port
from tests.acceptance.guides import exported, sections, shell
from tests.acceptance.nodes import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
TITLES = {"fastapi": "FastAPI", "django": "Django", "flask": "Flask"}


@pytest.fixture(scope="module")
def place():
    """A directory that every account can enter, because as root the servers run as another one."""
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def installation(place):
    """A copy of the examples with an installation, made by examples/README.md; the environment that it exports."""
    shutil.copytree(EXAMPLES, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("adoption", "__pycache__"))
    guide = sections(EXAMPLES / "README.md")
    [(_, start)], [(_, stop)] = guide["An installation for the applications"], guide["Stop it"]
    environment = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    try:
        yield place, exported(start, place, environment)
    finally:
        shell(stop, place, environment)


class Application:
    """One that is running, as its visitors see it."""

    def __init__(self, name: str, place: Path, environment: dict[str, str]) -> None:
        self.name, self.place, self.environment, self.port = name, place / name, environment, free_port()
        (_, self._start), (_, self._visit) = sections(EXAMPLES / name / "README.md")[TITLES[name]]

    @contextmanager
    def served(self):
        """Started as its README says, and stopped with all that it started."""
        *prepare, serve = self._start.replace("8000", str(self.port)).splitlines()
        shell("\n".join(prepare), self.place, self.environment)
        with (self.place / "log").open("wb") as log:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {serve}"],
                cwd=self.place, env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            wait_until(lambda: server.poll() is not None or self.answers(), self.log, 60)
            assert server.poll() is None, self.log()
            yield self
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def log(self) -> str:
        return (self.place / "log").read_text()[-3000:]

    def answers(self) -> bool:
        try:
            return self.get("/tenants/nobody").status_code == 404
        except requests.ConnectionError:
            return False

    def visit(self, slug: str) -> str:
        """What the README's customer, under another name, is told."""
        said = self._visit.replace("8000", str(self.port)).replace("acme", slug)
        return shell(said, self.place, self.environment)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def post(self, path: str, slug: str) -> requests.Response:
        return requests.post(f"http://127.0.0.1:{self.port}{path}", json={"slug": slug}, timeout=30)

    def becomes_ready(self, slug: str) -> None:
        wait_until(lambda: self.get(f"/tenants/{slug}").json()["state"] == "ready", self.log, 60)

    def ask(self, query: str) -> list[tuple]:
        """In the control database."""
        return self._rows(self.environment["MIGRATOR_CONTROL_URL"], query)

    def newest(self, slug: str) -> str | None:
        """The newest version in a tenant's history."""
        query = f"SELECT version FROM tenant_{slug}.flyway_schema_history WHERE version IS NOT NULL"
        found = self._rows(self.environment["MIGRATOR_CONTROL_URL"].replace("/migrator", "/shop"), query)
        return max((version for (version,) in found), key=int, default=None)

    @staticmethod
    def _rows(url: str, query: str) -> list[tuple]:
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@pytest.fixture(scope="module", params=TITLES)
def application(request, installation):
    with Application(request.param, *installation).served() as running:
        yield running


def test_a_customer_signs_up_by_the_readme_and_sees_when_all_is_ready(application):
    slug = f"outbox_{application.name}"
    said = application.visit(slug)
    assert f"/welcome/{slug}" in said
    assert '"preparing"' in said or '"ready"' in said
    application.becomes_ready(slug)
    assert "Your shop is ready." in application.get(f"/welcome/{slug}").text
    assert application.newest(slug) == "20"
    sent = f"SELECT status, sent_at IS NOT NULL FROM migrator.event WHERE payload->>'tenant_id' = '{slug}'"
    wait_until(lambda: application.ask(sent) == [("completed", True)])


def test_a_customer_who_signs_up_by_a_message_gets_the_same(application):
    slug = f"message_{application.name}"
    answer = application.post("/sign-up/quick", slug)
    assert answer.status_code == 202
    application.becomes_ready(slug)
    assert application.newest(slug) == "20"
    sent = f"SELECT id, status, sent_at IS NOT NULL FROM migrator.event WHERE payload->>'tenant_id' = '{slug}'"
    wait_until(lambda: application.ask(sent) == [(answer.json()["event"], "completed", False)])


def test_a_sign_up_that_is_rolled_back_leaves_no_event(application):
    slug = f"twice_{application.name}"
    assert application.post("/sign-up", slug).status_code == 202
    again = application.post("/sign-up", slug)
    assert (again.status_code, again.json()["detail"]) == (409, f"there is a customer {slug} already")
    assert application.ask(f"SELECT count(*) FROM migrator.event WHERE payload->>'tenant_id' = '{slug}'") == [(1,)]


def test_a_name_that_makes_no_schema_is_refused_with_the_reason_and_nobody_is_signed_up(application):
    refused = application.post("/sign-up", "no good")
    assert refused.status_code == 422
    assert "schema_name" in refused.json()["detail"]
    assert application.get("/tenants/no%20good").status_code == 404


def test_a_customer_waits_on_the_page_while_the_schema_is_being_prepared(application):
    slug = f"waits_{application.name}"
    with held_back(application):
        assert application.post("/sign-up", slug).status_code == 202
        assert application.get(f"/tenants/{slug}").json() == {"tenant": slug, "state": "preparing"}
        assert "Preparing your shop" in application.get(f"/welcome/{slug}").text
    application.becomes_ready(slug)


@contextmanager
def held_back(application):
    """Nobody can take up a tenant while the block runs: somebody has locked the registry."""
    with closing(psycopg2.connect(application.environment["MIGRATOR_CONTROL_URL"])) as holder:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE migrator.tenant IN SHARE MODE")
        yield
        holder.rollback()


@pytest.mark.parametrize("name", TITLES)
def test_a_readme_has_nothing_that_is_not_run(name):
    [(title, blocks)] = sections(EXAMPLES / name / "README.md").items()
    assert title == TITLES[name]
    assert [language for language, _ in blocks] == ["sh", "sh"]
