"""The projects in examples/adoption are adopted, migrated, taken back and handed back by the words of their guides."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest

from tests.acceptance.guides import programs, sections, shell

ROOT = Path(__file__).parents[2]
OLD = ("tenant_acme", "tenant_bravo", "tenant_charlie")
ALL = (*OLD, "tenant_delta")
STEPS = ["What you have", "Adopt", "What changes", "The next migration", "Taking it back", "Going back"]
RELATIONS = """SELECT n.nspname, c.relname, c.oid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = ANY(ARRAY{})"""
COLUMNS = """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, is_identity
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name <> 'flyway_schema_history' ORDER BY 1, 2"""
"""A new tenant's, whom only we have migrated, are those of the old ones."""
FLYWAY = """CREATE TABLE flyway_schema_history (
        installed_rank int NOT NULL CONSTRAINT flyway_schema_history_pk PRIMARY KEY, version varchar(50),
        description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int,
        installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL,
        success boolean NOT NULL);
    CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success);
    INSERT INTO flyway_schema_history VALUES
        (1, '1', 'Create person table', 'SQL', 'V1__Create_person_table.sql', 1715188512, 'shop', now(), 9, true),
        (2, '2', 'Add people', 'SQL', 'V2__Add_people.sql', 476766047, 'shop', now(), 4, true)"""
"""What Flyway leaves after the project's two files, with the checksums that it has recorded for them."""
GOLANG = """CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
    INSERT INTO schema_migrations VALUES (2, false)"""
CUSTOMERS = f"""
from customers.models import Client
for schema in {OLD!r}:
    Client(schema_name=schema, name=schema).save()
"""


class Project:
    """A copy of one example with its database, and a person who follows its guide."""

    def __init__(self, fleet, name: str) -> None:
        self.fleet, self.place = fleet, fleet.place
        shutil.copytree(ROOT / "examples" / "adoption" / name, self.place, dirs_exist_ok=True)
        self.guide = sections(ROOT / "docs" / "adoption" / f"{name}.md")
        server = fleet.services.postgres
        self.environment = {
            **fleet.environment,
            "PATH": programs(server.bin),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGUSER": "postgres",
            "PGDATABASE": fleet.names["shop"],
        }

    def sh(self, block: str) -> str:
        return shell(block, self.place, self.environment)

    def follow(self, step: str, number: int = 0, **words: str) -> str:
        block = self.guide[step][number][1]
        for word, meaning in words.items():
            block = block.replace(word, meaning)
        return self.sh(block)

    def ask(self, query: str) -> list[tuple]:
        return self.fleet.rows("shop", query)

    def each(self, query: str, schemas=OLD) -> list[list[tuple]]:
        """The answers of a query in each schema."""
        return [self.ask(f"SET search_path TO {schema}; {query}") for schema in schemas]

    def make_schemas(self) -> None:
        for schema in OLD:
            self.ask(f"CREATE SCHEMA {schema}")

    def apply(self, *scripts: str) -> None:
        """Run scripts in each schema, as the tool would."""
        text = "\n".join((self.place / script).read_text() for script in scripts)
        self.make_schemas()
        self.each(text)


@dataclass(frozen=True)
class Peer:
    """A tool: how it has migrated its fleet, what it left, and what the project's next migration is."""

    set_up: Callable[[Project], None]
    table: str
    applied: int
    """How many migrations it has applied in each schema."""
    next: str
    """The script in history."""
    made: str
    """The table that the next migration makes."""
    handed_back: Callable[[Project, str], None]
    """Whether the tool, whose output is given, can go on."""


def flyway(project: Project) -> None:
    project.apply("sql/V1__Create_person_table.sql", "sql/V2__Add_people.sql")
    project.each(FLYWAY)


def flyway_again(project: Project, said: str) -> None:
    """Its own rows are as it wrote them, and ours have the checksums that it would compute."""
    lines = (project.place / "sql/V3__Add_orders.sql").read_text().splitlines()
    checksum = crc32("".join(lines).encode())
    told = "SELECT version, type, script, checksum, success FROM flyway_schema_history"
    old = [
        ("1", "SQL", "V1__Create_person_table.sql", 1715188512, True),
        ("2", "SQL", "V2__Add_people.sql", 476766047, True),
    ]
    new = ("3", "SQL", "V3__Add_orders.sql", checksum - 2**32 if checksum >= 2**31 else checksum, True)
    for rows in project.each(f"{told} WHERE version IS NOT NULL ORDER BY installed_rank", ALL):
        assert [*rows[:3], rows[-1]] == [*old, new, new]
    assert "V3__Add_orders.sql" in said


def golang_migrate(project: Project) -> None:
    project.apply(*(f"db/migrations/{name}.up.sql" for name in GO_FILES))
    project.each(GOLANG)


GO_FILES = ("000001_create_projects", "000002_add_archived_to_projects")


def golang_migrate_again(project: Project, said: str) -> None:
    assert project.each("SELECT version, dirty FROM schema_migrations", ALL) == [[(3, False)]] * 4


def dbmate(project: Project) -> None:
    project.make_schemas()
    assert project.sh("./migrate-all.sh").count("Applied: ") == 6


def dbmate_again(project: Project, said: str) -> None:
    assert "Applying" not in said
    assert project.each("SELECT count(*) FROM schema_migrations", ALL) == [[(3,)]] * 4


def alembic(project: Project) -> None:
    project.make_schemas()
    project.sh("python migrate_all.py")
    assert project.each("SELECT version_num FROM alembic_version") == [[("8ad4e6b15c70",)]] * 3


def alembic_again(project: Project, said: str) -> None:
    assert project.each("SELECT version_num FROM alembic_version", ALL) == [[("c52e9f0b7d18",)]] * 4


def django(project: Project) -> None:
    project.sh("python manage.py migrate_schemas --shared")
    project.sh(f"python manage.py shell -c '{CUSTOMERS.replace(chr(39), chr(34))}'")
    project.each("INSERT INTO shop_product (name, slug) VALUES ('Tea', 'tea')")
    refused = project.sh("! python manage.py export_migrations elsewhere --schema tenant_acme 2>&1")
    assert "Python, not SQL: write 0006_shop_0003_fill_slugs.up.sql by hand" in refused


def django_again(project: Project, said: str) -> None:
    """Also for the tenant that Django has not made."""
    project.ask("INSERT INTO customers_client (schema_name, name) VALUES ('tenant_delta', 'delta')")
    assert project.sh("python manage.py migrate_schemas --tenant").count("No migrations to apply") == 4
    pairs = project.each("SELECT app, name FROM django_migrations ORDER BY 1, 2", ALL)
    assert len(set(map(tuple, pairs))) == 1
    assert len(pairs[0]) == 7


PEERS = {
    "flyway": Peer(flyway, "flyway_schema_history", 2, "V3__Add_orders.sql", "orders", flyway_again),
    "golang-migrate": Peer(
        golang_migrate, "schema_migrations", 2, "000003_create_tasks.up.sql", "tasks", golang_migrate_again
    ),
    "dbmate": Peer(dbmate, "schema_migrations", 2, "20241120083000_create_comments.sql", "comments", dbmate_again),
    "alembic": Peer(alembic, "alembic_version", 2, "c52e9f0b7d18_payments.py", "payment", alembic_again),
    "django-tenants": Peer(
        django, "django_migrations", 6, "0007_shop_0004_order.up.sql", "shop_order", django_again
    ),
}  # fmt: skip


@pytest.fixture
def tenant_databases():
    return ("shop",)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.usefixtures("celery_setup")
def test_a_fleet_is_adopted_migrated_taken_back_and_handed_back_by_its_guide(fleet, name):
    peer, project = PEERS[name], Project(fleet, name)
    peer.set_up(project)
    contents = f"SELECT x::text FROM {peer.table} AS x ORDER BY 1"
    theirs, before = project.each(contents), relations(project)

    project.follow("Adopt")
    assert theirs == project.each(contents)
    assert before <= relations(project), "a table was made anew"
    assert [applied(project, schema) for schema in OLD] == [peer.applied] * 3
    project.follow("What changes")
    assert len(fleet.history("shop", "tenant_delta")) == peer.applied

    project.follow("The next migration")
    assert holders(project, peer) == list(ALL)
    assert before <= relations(project), "a table was made anew"
    project.follow("Taking it back", EXECUTION=newest_execution(fleet))
    assert holders(project, peer) == []
    assert before <= relations(project), "more was taken back"
    project.follow("Taking it back", 1)
    assert holders(project, peer) == list(ALL)
    assert [fleet.history("shop", schema)[-1] for schema in ALL] == [peer.next] * 4

    whole = relations(project)
    peer.handed_back(project, project.follow("Going back"))
    assert whole <= relations(project), "a table was made anew"
    made_by_tool, *others = project.each(COLUMNS, ALL)
    assert others == [made_by_tool] * 3


def relations(project: Project) -> set[tuple]:
    """Every table and index of the old schemas; one that was dropped and made again is another one."""
    return set(project.ask(RELATIONS.format(list(OLD))))


def newest_execution(fleet) -> str:
    [(found,)] = fleet.rows("control", "SELECT id FROM migrator.execution ORDER BY created_at DESC LIMIT 1")
    return found


def applied(project: Project, schema: str) -> int:
    return len(project.fleet.history("shop", schema))


def holders(project: Project, peer: Peer) -> list[str]:
    """The schemas that have what the next migration makes."""
    return [schema for schema in ALL if project.ask(f"SELECT to_regclass('{schema}.{peer.made}')") != [(None,)]]


@pytest.mark.parametrize("name", PEERS)
def test_a_guide_has_the_same_six_steps_and_nothing_that_is_not_run(name):
    guide = sections(ROOT / "docs" / "adoption" / f"{name}.md")
    assert list(guide)[1:] == STEPS
    assert [len(guide[step]) for step in STEPS] == [0, 1, 1, 1, 2, 1]
    assert {language for blocks in guide.values() for language, _ in blocks} == {"sh"}
