"""The README's way into production and the backup of the operations guide, on servers that were there before."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
import redis

from migrator.local import free_port
from tests.acceptance.guides import exported, programs, sections, shell
from tests.acceptance.nodes import wait_until

ROOT = Path(__file__).parents[2]
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NEXT = "V3__note.sql"
FILES = {
    "V1__customers.sql": "CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);",
    "V2__orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer);",
    "R__order_summary.sql": "CREATE OR REPLACE VIEW order_summary AS SELECT customer_id FROM orders;",
}


class Site:
    """A server with a role for migrations, a control database and one for tenants, and the README's words for them."""

    def __init__(self, services, place):
        self.postgres, self.valkey, self.place = services.postgres, services.valkey, place
        suffix = uuid4().hex[:8]
        self.role, self.password, self.control, self.shop = (
            f"{word}_{suffix}" for word in ("earnest", "secret", "control", "shop_eu")
        )

    def make(self):
        self.rows(f"CREATE ROLE {self.role} LOGIN PASSWORD '{self.password}'")
        for name in (self.control, self.shop):
            self.rows(f"CREATE DATABASE {name} OWNER {self.role}")

    def rows(self, query, database="postgres"):
        with closing(psycopg2.connect(self.postgres.url(database))) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []

    def scripts(self, schema):
        """The scripts in a schema's history, in order."""
        query = f"SELECT script FROM {schema}.flyway_schema_history ORDER BY installed_rank"
        return [script for (script,) in self.rows(query, self.shop)]

    def state(self, execution):
        """Of an execution, as the ledger has it."""
        [(state,)] = self.rows(f"SELECT state FROM migrator.execution WHERE id = '{execution}'", self.control)
        return state

    def add_tenants(self, environment, *schemas):
        """Customers who came before their schemas are to be migrated."""
        each = "migrator tenant add {0} --slug {0} --database eu-1 --schema {0} > /dev/null"
        shell("\n".join(each.format(schema) for schema in schemas), self.place, environment)

    def here(self, text):
        """A block with this site's servers instead of those of the examples; nothing is installed again."""
        where = f"{self.role}:{self.password}@127.0.0.1:{self.postgres.port}"
        lines = [line for line in text.splitlines() if not line.startswith("pip install")]
        for said, meant in (
            ("migrator@db.example.com/migrator", f"{where}/{self.control}"),
            ("redis://redis.example.com:6379/0", self.valkey.url()),
            ("--host db.eu.example.com", f"--host 127.0.0.1 --port {self.postgres.port}"),
            ("--username migrator", f"--username {self.role}"),
            ("--soak 60", "--soak 15"),
            ("--name shop_eu", f"--name {self.shop}"),
        ):
            lines = [line.replace(said, meant) for line in lines]
        return "\n".join(lines)


@pytest.fixture
def site(services, tmp_path):
    made = Site(services, tmp_path)
    made.make()
    with closing(redis.Redis.from_url(services.valkey.url())) as valkey:
        valkey.flushall()
    return made


def readme():
    """The blocks of the way into production: set up, files, register, steer, take back."""
    return [text for _, text in sections(ROOT / "README.md")["In earnest"]]


@pytest.fixture
def environment(site, services):
    """What the first block leaves: a control schema, and the variables of processes and commands."""
    start = {"PATH": programs(services.postgres.bin), "EU_PASSWORD": site.password, "FLOWER_PORT": str(free_port())}
    return exported(site.here(readme()[0]), site.place, start)


@pytest.fixture
def folder(site):
    """The second block's files."""
    tenant = site.place / "migrations" / "tenant"
    tenant.mkdir(parents=True)
    for name, sql in FILES.items():
        (tenant / name).write_text(sql)
    return tenant


@contextmanager
def procfile(place, environment):
    """What the Procfile names, started as a runner of Procfiles does: each line by a shell, beside celeryconfig.py."""
    shutil.copy(ROOT / "celeryconfig.py", place)
    started = []
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        name, command = line.split(": ", 1)
        with (place / f"{name}.log").open("wb") as log:
            words = ["bash", "-c", f"exec {command}"]
            started.append(subprocess.Popen(words, cwd=place, env=environment, stdout=log, stderr=log))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def test_the_readme_leads_to_a_fleet_on_ones_own_servers(site, environment, folder):
    _, _files, register, steer, take_back = readme()
    with procfile(site.place, environment):
        assert "tenant_acme" in shell(site.here(register), site.place, environment)
        assert site.scripts("tenant_acme") == list(FILES)

        site.add_tenants(environment, "tenant_bravo", "tenant_dome")
        site.rows("ALTER TABLE tenant_dome.orders ADD COLUMN note text", site.shop)
        (folder / NEXT).write_text("ALTER TABLE orders ADD COLUMN note text;")
        migrate, pause, resume, retry = (site.here(line) for line in steer.splitlines())
        [execution] = ID.findall(shell(migrate, site.place, environment))
        for step in (pause, resume):
            assert execution in shell(ID.sub(execution, step), site.place, environment)
        wait_until(lambda: site.state(execution) == "failed", lambda: site.state(execution), 120)
        site.rows("ALTER TABLE tenant_dome.orders DROP COLUMN note", site.shop)
        shell(ID.sub(execution, retry), site.place, environment)
        wait_until(lambda: site.state(execution) == "completed", lambda: site.state(execution), 60)
        assert NEXT in site.scripts("tenant_dome")

        shell(ID.sub(execution, take_back), site.place, environment)
        noted = "SELECT FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'note'"
        assert site.rows(noted, site.shop) == []


def test_a_control_database_is_brought_back_from_its_backup_with_all_that_it_knew(site, environment):
    [(_, backup)] = sections(ROOT / "docs" / "operations.md")["Backup of the control database"]
    dump, restore = backup.splitlines()
    known = """INSERT INTO migrator.database (id, name, kind, host, port, username)
               VALUES ('eu-1', 'shop_eu', 'tenant', '127.0.0.1', 5432, 'migrator')"""
    site.rows(known, site.control)
    shell(dump, site.place, environment)
    site.rows("DROP SCHEMA migrator CASCADE", site.control)
    shell(restore, site.place, environment)
    listed = shell("migrator database list --json", site.place, environment)
    assert [row["id"] for row in json.loads(listed)] == ["eu-1"]
    assert json.loads(shell("migrator init --json", site.place, environment))["applied"] == []
