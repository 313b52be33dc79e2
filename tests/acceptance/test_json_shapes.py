"""Every command that speaks JSON is run on a real fleet, and says just what its shape promises."""

from __future__ import annotations

import json

import click
import pytest
from pydantic import TypeAdapter, ValidationError

from migrator import cli
from migrator.cli.shapes import SHAPES
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until


def leaves(command: click.Command, name: str):
    if isinstance(command, click.Group):
        for part in command.list_commands(click.Context(command)):
            yield from leaves(command.get_command(click.Context(command), part), f"{name} {part}")
    elif "--json" in [option for parameter in command.params for option in parameter.opts]:
        yield name


class Commands:
    """Runs commands with --json, holds each document against its shape, and remembers which were run."""

    def __init__(self, fleet) -> None:
        self.fleet, self.seen, self.wrong = fleet, {}, {}
        self.more = {"MIGRATOR_PG_BIN": str(fleet.services.postgres.bin)}

    def __call__(self, *words: str, code: int = 0):
        done = self.fleet.command(*words, "--json", **self.more)
        assert done.returncode == code, done.stderr
        name = max((name for name in SHAPES if f"migrator {' '.join(words)} ".startswith(f"{name} ")), key=len)
        document = json.loads(done.stdout)
        try:
            TypeAdapter(SHAPES[name]).validate_json(done.stdout)
        except ValidationError as error:
            self.wrong[name] = [f"{each['loc']}: {each['msg']}" for each in error.errors()]
        self.seen.setdefault(name, []).append(document)
        return document


@pytest.fixture
def run(fleet):
    return Commands(fleet)


def test_every_command_that_speaks_json_has_a_shape():
    assert set(leaves(cli.cli, "migrator")) == set(SHAPES)


@pytest.mark.usefixtures("celery_setup")
def test_every_command_says_what_its_shape_promises(run, fleet):
    _registry(run, fleet)
    _folders(run, fleet)
    _executions(run, fleet)
    _watching(run, fleet)
    _one_schema(run, fleet)
    _snapshots(run)
    run("tenant", "remove", "7")
    run("database", "remove", "two")
    assert run.wrong == {}
    assert set(SHAPES) - set(run.seen) == set()


def _registry(run, fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.write("U1__account.sql", "DROP TABLE account;")
    where = ["--host", "127.0.0.1", "--port", str(fleet.services.postgres.port), "--username", "postgres"]
    added = [
        run("database", "add", name, "--name", fleet.names[name], *where, "--lanes", "2")["summary"]
        for name in ("one", "two")
    ]
    assert added == ["database one is registered", "database two is registered"]
    run("tenant", "add", "7", "--slug", "acme", "--database", "one", "--schema", "tenant_acme")
    run("tenant", "add", "8", "--database", "two", "--schema", "tenant_8", "--no-migrate")
    assert [row["id"] for row in run("database", "list")] == ["one", "two"]
    assert run("database", "show", "one")["tenants"] == 1
    assert len(run("tenant", "list")) == 2
    assert (run("tenant", "show", "7")["version"], run("tenant", "show", "8")["state"]) == ("1", "unknown")
    assert run("explain", "7")["is_current"]
    run("database", "set", "one", "--spares", "1")
    failed = "('one', 'migrator_spare_0', 'failed', 'it was changed')"
    fleet.rows("control", f"INSERT INTO migrator.spare (database_id, schema_name, state, reason) VALUES {failed}")
    assert [each["state"] for each in run("spare", "list")["spares"]] == ["failed"]
    assert run("spare", "fill", "one", code=1)["refusal"]  # there is no template, and nobody to make one
    run("database", "set", "one", "--spares", "0")
    run("spare", "drop", "one", "--yes")
    run("init")
    run("local", "status")
    run("status")
    assert run("doctor")["ok"]


def _folders(run, fleet):
    run("new", "not yet", "--folder", str(fleet.place / "elsewhere"))
    run("lint", "--no-squawk")
    fleet.rows("two", f"CREATE SCHEMA tenant_8; SET search_path TO tenant_8; {FIRST}")
    run("baseline", "--scope", "tenant", "--at", "1", "--yes")
    fleet.write("V2__account_name.sql", SECOND)
    run("plan", "--check")
    run("rehearse", "--tenants", "1")
    run("preflight", "--database", "one")
    run("validate")
    run("repair", "--yes")
    run("drift")
    run("breaker", "list")
    run("breaker", "open", "two")
    run("breaker", "reset", "two")


def _executions(run, fleet):
    assert run("migrate", "--dry-run")["total"] == 2
    first = run("migrate", "--tenant", "7")["execution"]
    assert run("rollback", first, "--dry-run")["total"] == 1
    assert run("rollback", first, "--detach")["event"]
    wait_until(lambda: fleet.command("show", first).stdout.startswith(f"{first}: rolled"), "was not taken back", 30)
    fleet.write("V3__broken.sql", "SELECT 1/0;")
    failed = run("migrate", "--tenant", "7", code=1)["execution"]
    run("watch", failed, code=1)
    assert run("show", failed)["failures"]
    assert run("explain", "7")["causes"][0]["kind"] == "failed"
    run("events", "list", "--failed")
    run("events", "retry", "no-such-event", code=2)
    (fleet.migrations / "tenant" / "V3__broken.sql").unlink()
    opens = ["--opens", "2099-01-01T00:00"]
    planned = run("maintenance", "add", "nightly", "--type", "analyze", *opens)
    assert run("maintenance", "list")["scheduled"][0]["id"] == planned["event"]
    run("cancel", planned["event"])
    fleet.write("V3__more.sql", "SELECT 1;")
    waiting = run("migrate", "--canary", "1", "--soak", "3600", "--detach")["event"]
    wait_until(lambda: getattr(fleet.execution(waiting), "state", "") == "soaking", "does not soak", 60)
    run("pause", waiting)
    run("resume", waiting)
    run("cancel", waiting)
    wait_until(lambda: fleet.event(waiting).status.is_end, "did not end", 60)
    run("retry", waiting)
    wait_until(lambda: fleet.event(waiting).status.is_end, "did not go on at once", 60)
    run("executions")


def _watching(run, fleet):
    assert run("timeline", "--since", "1h")
    silent = "SELECT id FROM migrator.alert WHERE resolved_at IS NULL AND rule ~ 'beat'"  # there is none in this test
    ((alert,),) = wait_until(lambda: fleet.rows("control", silent), "nobody misses beat", 60)
    run("alerts", "rules")
    run("alerts", "test")
    assert run("alerts", "list")
    run("alerts", "show", str(alert))
    run("alerts", "silence", str(alert), "--for", "2h", "--reason", "we know")
    run("alerts", "unsilence", str(alert))
    run("relay", "--once")
    run("health")
    run("metrics")
    run("performance")
    run("performance", "--migration", "1")
    run("database", "set", "one", "--lanes", "3", "--spares", "default", "--host", "127.0.0.1")


def _one_schema(run, fleet):
    where = ["--url", fleet.services.postgres.url(fleet.names["one"]), "--schema", "tenant_solo"]
    folder = [*where, "--folder", str(fleet.migrations / "tenant")]
    (fleet.migrations / "tenant" / "V3__more.sql").unlink()
    run("schema", "up", *folder)
    run("schema", "status", *folder)
    run("schema", "validate", *folder)
    run("schema", "preflight", *where)
    run("schema", "repair", *folder)
    run("schema", "fingerprint", *where, "--items")
    fleet.rows("one", "CREATE INDEX by_hand ON tenant_solo.account (id)")
    run("schema", "diff", *where, "--with", "tenant_acme", code=1)
    run("schema", "down", *folder, "--to", "1", "--dry-run")
    run("schema", "down", *folder, "--to", "1")
    fleet.rows("one", f"CREATE SCHEMA tenant_old; SET search_path TO tenant_old; {FIRST}")
    run("schema", "baseline", *[word.replace("solo", "old") for word in folder], "--at", "1")
    store = [*where, "--store", str(fleet.place / "solo")]
    run("schema", "snapshot", "take", *store)
    run("schema", "snapshot", "list", *store)
    run("schema", "snapshot", "show", *store)
    run("schema", "snapshot", "verify", *store)
    aside = run("schema", "snapshot", "restore", *store, "--yes")["aside"]
    run("schema", "snapshot", "drop-aside", aside, *where, "--yes")
    run("schema", "snapshot", "expire", *store, "--keep-days", "0", "--keep-last", "0", "--yes")


def _snapshots(run):
    run("snapshot", "take", "--tenant", "7")
    run("snapshot", "list")
    run("snapshot", "verify")
    run("snapshot", "restore", "--tenant", "7", "--yes")
    run("snapshot", "expire", "--dry-run")
