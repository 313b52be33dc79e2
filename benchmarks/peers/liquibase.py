"""The lane ``liquibase``: its program once per schema, a Java machine each, as many at a time as there are lanes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.peers.files import make_schemas, started, two_folders
from benchmarks.peers.place import java, node_package
from benchmarks.shop import FORWARD, Fleet, Work
from migrator.local import Postgres

_CHANGE = "--liquibase formatted sql\n--changeset shop:{number} splitStatements:false stripComments:false\n{sql}\n"


class Liquibase:
    """The command line that its npm package carries; a formatted SQL file for each of ours."""

    name = "liquibase"
    works = FORWARD
    most: int | None = 4

    def __init__(self, postgres: Postgres, home: Path, connections: int) -> None:
        java()
        package, self.version = node_package("liquibase")
        self._program = package / "dist" / "liquibase" / "liquibase"
        self._postgres, self._home, self._connections = postgres, home, connections
        self._folders = two_folders(home, lambda number, step: _CHANGE.format(number=number, sql=step.sql), ".sql")
        for folder in set(self._folders.values()):
            (folder / "all.xml").write_text(_ALL)

    def prepare(self, fleet: Fleet) -> None:
        """Nothing: it makes its tables itself."""

    def run(self, work: Work, fleet: Fleet) -> None:
        """Start it for every schema; the first that fails ends the work."""
        if work is Work.HISTORY:
            make_schemas(self._postgres, fleet)
        with ThreadPoolExecutor(self._connections) as pool:
            list(pool.map(lambda schema: self._start(work, fleet.database, schema), fleet.schemas))

    def _start(self, work: Work, database: str, schema: str) -> None:
        at = urlsplit(self._postgres.url(database))
        environment = {
            "JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # a machine that ends soon is quicker without the second compiler
            "LIQUIBASE_COMMAND_URL": f"jdbc:postgresql://{at.hostname}:{at.port}{at.path}?currentSchema={schema},public",
            "LIQUIBASE_COMMAND_USERNAME": at.username or "",
            "LIQUIBASE_COMMAND_PASSWORD": at.password or "",
            "LIQUIBASE_COMMAND_CHANGELOG_FILE": "all.xml",
            "LIQUIBASE_COMMAND_DEFAULT_SCHEMA_NAME": schema,
            "LIQUIBASE_LIQUIBASE_SCHEMA_NAME": schema,
            "LIQUIBASE_SEARCH_PATH": str(self._folders[work]),
        }
        started(self.name, ["sh", self._program, "update"], self._home, environment)


_ALL = """<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
        http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
  <includeAll path="." endsWithFilter=".sql"/>
</databaseChangeLog>
"""
