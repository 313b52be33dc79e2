"""A real PostgreSQL for the session, a database of its own for each module, a schema of its own for each test."""

from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from migrator.fleet import MIGRATIONS, SCHEMA, claims, ledger
from migrator.fleet.store import Store
from migrator.folder import read_folder
from migrator.local import Postgres, Valkey
from migrator.model.target import Database, DatabaseKind
from migrator.schema import history
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules
from migrator.schema.session import Access, open_session, open_url
from migrator.schema.validation import findings
from migrator.schema.visit import Visit

_numbers = count(1)


@pytest.fixture(scope="session")
def server():
    """One server for all tests; it forgets everything in the end, so it need not be durable."""
    home = Path(tempfile.mkdtemp(prefix="migrator-test-"))
    home.chmod(0o755)  # the server's account must get in
    postgres = Postgres(home / "postgres", durable=False)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def valkey():
    """A Valkey for the tests of one file."""
    with tempfile.TemporaryDirectory(prefix="migrator-test-") as place:
        server = Valkey(Path(place) / "valkey")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def query(server):
    """Runs one statement in a database as its owner and returns the rows."""
    connections = {}

    def run(dbname, statement, *values):
        if dbname not in connections:
            connections[dbname] = psycopg2.connect(server.url(dbname), application_name="test query")
            connections[dbname].autocommit = True
        with connections[dbname].cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    yield run
    for connection in connections.values():
        connection.close()


@pytest.fixture(scope="session")
def new_database(query):
    """Makes databases; a template is copied with all that is in it."""

    def create(template="template1"):
        name = f"test_{next(_numbers)}"
        names = map(sql.Identifier, (name, template))
        query("postgres", sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return name

    return create


@pytest.fixture(scope="module")
def database(server, new_database):
    """A registered database, as the registry would give it."""
    return Database("eu-1", new_database(), DatabaseKind.TENANT, "127.0.0.1", server.port, "postgres")


@pytest.fixture
def access(server):
    return Access(passfile=str(server.passfile))


@pytest.fixture
def open_(database, access):
    """Opens sessions on the module's database; all are closed in the end."""
    opened = []

    def session(application_name="test"):
        opened.append(open_session(database, application_name, access))
        return opened[-1]

    yield session
    for found in opened:
        found.close()


@pytest.fixture
def session(open_):
    return open_()


@pytest.fixture
def ask(query, database):
    """Asks the module's database something, beside the sessions under test."""
    return lambda statement, *values: query(database.name, statement, *values)


@pytest.fixture
def schema():
    """A schema name that no other test has; the schema itself is not made."""
    return f"tenant_{next(_numbers)}"


@pytest.fixture
def visit(session, schema):
    """The test's schema, about to be entered."""
    return Visit(session, HistoryTable(schema), Rules(schema_lock_wait=0.1))


@pytest.fixture
def kinds(session, schema):
    """What validation finds in the test's schema, in a word each."""
    return lambda folder: [each.kind.value for each in findings(folder, history.read(session, HistoryTable(schema)))]


@pytest.fixture
def has(ask, schema):
    """Whether the test's schema has a table of that name."""
    return lambda table: ask("SELECT to_regclass(%s) IS NOT NULL", f"{schema}.{table}") == [(True,)]


@pytest.fixture
def history_rows(ask, schema):
    """What the history of the test's schema holds: rank, version, type, script, checksum, success."""
    columns = "installed_rank, version, type, script, checksum, success"
    return lambda: ask(f"SELECT {columns} FROM {schema}.flyway_schema_history ORDER BY installed_rank")


@pytest.fixture
def folder(tmp_path):
    """Writes migration files and reads their folder; a second call writes over the first."""

    def write(files):
        path = tmp_path / "migrations"
        path.mkdir(exist_ok=True)
        for name, content in files.items():
            (path / name).write_text(content)
        return read_folder(path)

    return write


@pytest.fixture(scope="session")
def control_template(server, new_database):
    """A database with the control schema; tests get copies of it."""
    name = new_database()
    session = open_url(server.url(name))
    Engine(read_folder(MIGRATIONS), Rules(shared_schemas=())).migrate(session, SCHEMA)
    session.close()
    return name


@pytest.fixture
def control(control_template, new_database, query):
    """The name of a fresh control database, dropped in the end."""
    name = new_database(control_template)
    yield name
    query("postgres", sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def store(server, control):
    store = Store(server.url(control), pool_size=10)
    yield store
    store.dispose()


@pytest.fixture
def claim(store):
    """Claims targets in as many transactions as it takes: one claims only a share of what is left."""

    def take(claimer, most=100):
        taken = []
        while len(taken) < most:
            with store.begin() as connection:
                batch = claims.claim(connection, claimer, most - len(taken))
            if not batch:
                break
            taken += batch
        return taken

    return take


@pytest.fixture
def write(store):
    """Writes outcomes of execution e1 in a transaction of its own; says how many still counted."""

    def outcomes(*written):
        with store.begin() as connection:
            return claims.write_outcomes(connection, "e1", written).count

    return outcomes


@pytest.fixture
def glance(store):
    def look():
        with store.begin() as connection:
            return ledger.glance(connection, "e1")

    return look


@pytest.fixture
def row(store):
    def look():
        with store.begin() as connection:
            return ledger.execution(connection, "e1")

    return look
