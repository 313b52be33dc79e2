"""The registered databases: reachable with what we have, of a version that we work with, with the rights we need."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from psycopg2 import sql

from migrator.cli.doctor.services import clock, server_version
from migrator.errors import BadCredential, MigratorError, PgToolsMissing, WrongCredentials
from migrator.fleet import registry
from migrator.fleet import spares as pool
from migrator.model.check import Check, Verdict
from migrator.model.target import Database, DatabaseKind
from migrator.schema.pg_tools import tools_for
from migrator.schema.pooler import changes_connections
from migrator.schema.session import Session, session_on
from tasks import desk

MOST_AT_ONCE = 8
_RIGHTS = """SELECT has_database_privilege(current_database(), 'CREATE') AS makes_schemas,
    pg_is_in_recovery() AS is_standby,
    extract(epoch FROM clock_timestamp())::float8 AS theirs,
    (SELECT count(*) FROM pg_namespace WHERE nspname = ANY ({schemas}) AND NOT has_schema_privilege(oid, 'CREATE')),
    (SELECT count(*) FROM pg_class AS found JOIN pg_namespace AS home ON home.oid = found.relnamespace
     WHERE home.nspname = ANY ({schemas}) AND found.relkind IN ('r', 'p')
       AND NOT pg_has_role(found.relowner, 'MEMBER')),
    current_user"""


def databases(names: tuple[str, ...]) -> Iterator[Check]:
    """Several at the same time; told in the order of their names."""
    try:
        store = desk.store()
    except MigratorError:
        return  # said of the control database already
    with store.begin() as connection:
        found = [each for each in registry.databases(connection) if not names or each.id in names]
        schemas = {
            each.id: _schemas(each, [t.schema_name for t in registry.tenants(connection, each.id)]) for each in found
        }
    for name in sorted(set(names) - {each.id for each in found}):
        yield Check(name, Verdict.STOP, "", f"database {name} is not registered", "migrator database list")
    if not found and not names:
        yield Check("registry", Verdict.WARN, "0", "no database is registered", "migrator database add")
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        for checks in pool.map(lambda database: _look(database, schemas[database.id]), found):
            yield from checks


def _schemas(database: Database, tenants: list[str]) -> list[str]:
    return tenants if database.kind is DatabaseKind.TENANT else [desk.settings().own_schema]


def _look(database: Database, schemas: list[str]) -> list[Check]:
    try:
        with session_on(database, "migrator doctor", desk.access()) as session:
            return [_named(database, check) for check in _inside(database, session, schemas)]
    except (WrongCredentials, BadCredential) as error:
        advice = "a credential is env:NAME, file:PATH or command:...; without one libpq looks into its own places"
        return [Check(database.id, Verdict.STOP, "", str(error), advice)]
    except MigratorError as error:
        return [
            Check(database.id, Verdict.STOP, "", str(error), "start it, or mend its address: migrator database add")
        ]


def _inside(database: Database, session: Session, schemas: list[str]) -> Iterator[Check]:
    yield server_version(session.connection.info.server_version)
    query = sql.SQL(_RIGHTS).format(schemas=sql.Literal(schemas or [""]))
    [(makes_schemas, is_standby, theirs, closed, foreign, user)] = session.ask(session.text(query))
    if is_standby:
        yield Check("writable", Verdict.STOP, "", "it is a standby and takes no changes", "register the primary")
    if (found := clock(theirs - time.time())).verdict is not Verdict.OK:
        yield found
    yield from rights(database, user, makes_schemas=makes_schemas, closed=closed, foreign=foreign)
    yield from spares(session, database)
    if changes_connections(session):
        said = "a pooler changes connections between transactions: what cannot run in a transaction is refused there"
        yield Check("pooler", Verdict.WARN, "", said, "register the server's own address if that is needed")


def rights(database: Database, user: str, *, makes_schemas: bool, closed: int, foreign: int) -> Iterator[Check]:
    """What the user that migrates lacks. ``closed``: schemas; ``foreign``: tables of others in them."""
    if database.kind is DatabaseKind.TENANT and not makes_schemas:
        said = f"user {user} may not make schemas: new tenants fail"
        advice = f'GRANT CREATE ON DATABASE "{database.name}" TO "{user}"'
        yield Check("rights", Verdict.WARN, "", said, advice)
    if closed:
        said = f"user {user} may make nothing in {closed} of its schemas: migrations fail there"
        yield Check("rights", Verdict.STOP, str(closed), said, f'ALTER SCHEMA ... OWNER TO "{user}", or GRANT CREATE')
    if foreign:
        said = f"{foreign} tables belong to roles that user {user} is not in: it cannot alter them"
        yield Check("rights", Verdict.WARN, str(foreign), said, f'GRANT their owner TO "{user}", or change the owner')
    if not closed and not foreign and (makes_schemas or database.kind is not DatabaseKind.TENANT):
        yield Check("rights", Verdict.OK, user, f"user {user} has the rights that migrating takes")


def spares(session: Session, database: Database) -> Iterator[Check]:
    """Whether a database that is to have spares can have them."""
    if not (wanted := _spares_asked_for(database)):
        return
    advice = f"migrator database set {database.id} --spares 0, if none are wanted there"
    if not desk.settings().templates:
        said = f"{wanted} spares are asked for and templates are off: there will be none"
        yield Check("spares", Verdict.WARN, str(wanted), said, "set templates, or " + advice)
        return
    try:
        tools_for(session, desk.pg_places())
    except PgToolsMissing as error:
        yield Check("spares", Verdict.WARN, str(wanted), f"{wanted} spares are asked for: {error}", advice)
        return
    with desk.store().begin() as connection:
        found = [row.refusal for row in pool.pools(connection, desk.settings().spares, database.id) if row.refusal]
    for refusal in found:
        yield Check("spares", Verdict.WARN, str(wanted), f"{wanted} spares are asked for: {refusal}", advice)


def _spares_asked_for(database: Database) -> int:
    if database.kind is not DatabaseKind.TENANT:
        return 0
    return desk.settings().spares if database.spares is None else database.spares


def _named(database: Database, check: Check) -> Check:
    return Check(f"{database.id} {check.name}", check.verdict, check.figure, check.sentence, check.advice)


def snapshots() -> Iterator[Check]:
    """Whether there is a place to keep them, and a pg_dump that fits the servers."""
    try:
        desk.snapshot_store()
        yield Check("store", Verdict.OK, "", f"snapshots are kept in {desk.settings().snapshots}")
    except MigratorError as error:
        yield Check("store", Verdict.WARN, "", str(error), "only what needs snapshots is concerned")
    try:
        with desk.store().begin() as connection:
            some = registry.databases(connection)[:1]
        for database in some:
            with session_on(database, "migrator doctor", desk.access()) as session:
                tools = tools_for(session, desk.pg_places())
            yield Check("pg_dump", Verdict.OK, tools.version, f"pg_dump {tools.version} in {tools.directory}")
    except PgToolsMissing as error:
        yield Check("pg_dump", Verdict.WARN, "", str(error), "only what needs snapshots is concerned")
    except MigratorError:
        return  # said of that database already
