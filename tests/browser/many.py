"""A fleet that looks as if it had been migrated, made in one go: marks in the schemas, outcomes in the ledger."""

from __future__ import annotations

from migrator.fleet import claims, events, ledger, waves
from migrator.fleet.ledger import Request
from migrator.folder import read_folder
from migrator.model.event import Event, EventType
from migrator.model.history import Mark
from migrator.model.plan import by_scope, make_plan
from migrator.model.target import Scope, Target
from migrator.model.version import Version
from tests.integration.small_fleet import ALL_AT_ONCE, FOLDERS, lane

SCHEMAS = """DO $$
DECLARE name text; version text;
BEGIN
    FOR name, version IN
        SELECT 'tenant_' || n,
               CASE WHEN n % {behind} = 0 THEN 'behind' WHEN n % {ahead} = 0 THEN 'ahead' ELSE 'current' END
        FROM generate_series({first}, {last}, {step}) AS n
    LOOP
        EXECUTE format('CREATE SCHEMA %I', name);
        EXECUTE format('CREATE TABLE %I.flyway_schema_history ()', name);
        EXECUTE format('COMMENT ON TABLE %I.flyway_schema_history IS %L', name,
            CASE version WHEN 'behind' THEN {old} WHEN 'ahead' THEN {next} ELSE {new} END);
        IF random() < 0.02 THEN COMMIT; END IF;
    END LOOP;
END $$"""


def marked(fleet, tenants: int, behind: int = 97, ahead: int = 3333) -> None:
    """Schemas of the tenants in both databases: each with a mark, every so manieth behind or ahead."""
    folder = read_folder(fleet.migrations / "tenant", scope=Scope.TENANT)
    marks = {
        name: "'" + Mark(version, folder.digest_at(Version(version)) if digest else "0").as_text() + "'"
        for name, version, digest in (("old", "1", True), ("new", "2", True), ("next", "9", False))
    }
    for home in fleet.databases:
        first = next(number for number in range(1, 1 + len(fleet.databases)) if fleet.home(number) == home)
        every = {"first": first, "last": tenants, "step": len(fleet.databases), "behind": behind, "ahead": ahead}
        fleet.rows(home, SCHEMAS.format(**every, **marks))


def executed(fleet, numbers, id_: str, end) -> list[Target]:
    """An execution over these tenants; ``end`` makes the outcome of each claim, or None for one that goes on."""
    targets = [Target(fleet.home(n), f"tenant_{n}", Scope.TENANT, str(n)) for n in numbers]
    with fleet.store.begin() as connection:
        events.receive(connection, Event(id_, EventType.MIGRATION_REQUESTED))
        ledger.open_execution(
            connection, id_, make_plan(by_scope(targets), ALL_AT_ONCE), Request("ann", FOLDERS, rollout=ALL_AT_ONCE)
        )
        waves.note_sent(connection, id_, 1)
        for home in sorted({target.database_id for target in targets}):
            lanes = lane(database_id=home, execution=id_, seconds=600)
            while batch := claims.claim(connection, lanes, len(targets)):
                if ended := [outcome for claim in batch if (outcome := end(claim))]:
                    claims.write_outcomes(connection, id_, ended)
    return targets
