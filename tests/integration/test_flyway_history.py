"""A history that Flyway wrote is ours, and ours is Flyway's."""

from __future__ import annotations

import pytest

from migrator.schema.engine import Engine
from migrator.schema.repair import repair

GETTING_STARTED = {
    "V1__Create_person_table.sql": (
        "create table PERSON (\n    ID int not null,\n    NAME varchar(100) not null\n);\n",
        1715188512,
    ),
    "V2__Add_people.sql": (
        "insert into PERSON (ID, NAME) values (1, 'Axel');\n"
        "insert into PERSON (ID, NAME) values (2, 'Mr. Foo');\n"
        "insert into PERSON (ID, NAME) values (3, 'Ms. Bar');\n",
        476766047,
    ),
}
"""The migrations of Flyway's own first steps, with the checksums that Flyway 7 and 9 have recorded for them."""


@pytest.fixture
def flyways(ask, schema):
    """A schema and a history as Flyway makes them, its index and its sequence of ranks included."""
    files = {name: text for name, (text, _) in GETTING_STARTED.items()}
    ask(
        f"CREATE SCHEMA {schema}; SET search_path TO {schema};"
        + ";".join(files.values())
        + f"""; CREATE TABLE {schema}.flyway_schema_history (
                installed_rank int NOT NULL, version varchar(50), description varchar(200) NOT NULL,
                type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int,
                installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(),
                execution_time int NOT NULL, success boolean NOT NULL);
            ALTER TABLE {schema}.flyway_schema_history
                ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
            CREATE INDEX flyway_schema_history_s_idx ON {schema}.flyway_schema_history (success);
            INSERT INTO {schema}.flyway_schema_history VALUES
                (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"{schema}"', NULL, 'flyway', now(), 0, true);
            RESET search_path"""
    )
    for rank, (name, (_, checksum)) in enumerate(GETTING_STARTED.items(), start=1):
        description = name[4:-4].replace("_", " ")
        values = f"{rank}, '{rank}', '{description}', 'SQL', '{name}', {checksum}, 'flyway', now(), 28, true"
        ask(f"INSERT INTO {schema}.flyway_schema_history VALUES ({values})")
    return files


def test_a_history_that_flyway_wrote_validates(folder, flyways, kinds):
    assert kinds(folder(flyways)) == []


def test_a_history_that_flyway_wrote_is_gone_on_with(folder, flyways, session, schema, history_rows):
    change = Engine(folder(flyways | {"V3__More.sql": "CREATE TABLE more ()"})).migrate(session, schema)
    assert (change.from_version, change.applied) == ("2", ("V3__More.sql",))
    assert [row[0] for row in history_rows()] == [0, 1, 2, 3]


def test_in_a_history_that_flyway_wrote_is_nothing_to_repair(folder, flyways, visit):
    assert repair(visit, folder(flyways)) == []


def test_what_we_write_is_what_flyway_would_have_written(folder, flyways, session, schema, ask):
    other = f"{schema}_ours"
    Engine(folder(flyways)).migrate(session, other)
    told = "version, description, type, script, checksum, success"
    ours, theirs = (
        ask(f"SELECT {told} FROM {name}.flyway_schema_history WHERE version IS NOT NULL ORDER BY installed_rank")
        for name in (other, schema)
    )
    assert ours == theirs
