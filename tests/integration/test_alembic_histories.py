"""Real applications' Alembic histories, from published packages: as Alembic does it, in schema after schema."""

from __future__ import annotations

import importlib.util
import types

import psycopg2
import pytest
from sqlalchemy import create_engine, pool

from migrator.errors import CannotUndo, StepFailed
from migrator.folder import read_folder
from migrator.folder.way_back import WaysBack
from migrator.schema.back import Since
from migrator.schema.engine import Engine
from tests.integration.copies import copy_of, imports_from
from tests.integration.plain_alembic import plain_alembic

OPTUNA, MLFLOW = "5.0.0", "3.18.0"
CATALOG = """
SELECT 'column', c.relname, a.attnum::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass::text, '', conname, pg_get_constraintdef(oid), convalidated::text, ''
FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'index', indrelid::regclass::text, '', '', pg_get_indexdef(indexrelid), indisvalid::text, ''
FROM pg_index WHERE indexrelid IN (SELECT oid FROM pg_class WHERE relnamespace = %(schema)s::regnamespace)
UNION ALL
SELECT 'enum', t.typname, e.enumsortorder::text, e.enumlabel, '', '', ''
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'sequence', relname, '', '', '', '', ''
FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'S'
"""


@pytest.fixture
def catalog(database, server):
    """Everything in a schema but the history, the schema's own name left out; columns in their order."""

    def lines(schema):
        with psycopg2.connect(server.url(database.name)) as connection, connection.cursor() as cursor:
            cursor.execute(CATALOG, {"schema": schema})
            found = [tuple(part.replace(f"{schema}.", "") for part in row) for row in cursor]
        connection.close()
        return sorted(row for row in found if "flyway_schema_history" not in " ".join(row))

    return lines


def unordered(catalog):
    """Without the places of columns: one that is dropped and added again comes last."""
    return sorted((*row[:2], *row[3:]) if row[0] == "column" else row for row in catalog)


@pytest.fixture
def plain(server, database):
    return lambda schema, scripts: plain_alembic(server.url(database.name), schema, scripts)


@pytest.fixture(scope="module")
def optuna():
    copy = copy_of("optuna", OPTUNA)
    real = {
        "optuna.distributions": (),
        "optuna.exceptions": (),
        "optuna._deprecated": (),
        "optuna._experimental": (),
        "optuna._warnings": (),
        "optuna.trial._state": ("TrialState",),
        "optuna.study._study_direction": ("StudyDirection",),
    }
    numpy = types.ModuleType("numpy")
    numpy.float32, numpy.finfo = None, lambda _: types.SimpleNamespace(max=3.4028235e38, min=-3.4028235e38)
    with imports_from(copy, real, numpy=numpy):
        yield copy / "storages" / "_rdb"


@pytest.fixture(scope="module")
def mlflow():
    copy = copy_of("mlflow", MLFLOW)
    real = {
        "mlflow.entities.lifecycle_stage": ("LifecycleStage",),
        "mlflow.entities.model_registry.model_version_stages": ("STAGE_NONE", "STAGE_DELETED_INTERNAL"),
        "mlflow.store.db.base_sql_model": (),
        "mlflow.store.db.trace_analytics_backfill_75868b020152": (),
        "mlflow.store.db.trace_analytics_schema_75868b020152": (),
        "mlflow.store.model_registry.dbmodels.models": (),
        "mlflow.store.tracking.dbmodels.models": (),
        "mlflow.utils.mlflow_tags": (),
    }
    with imports_from(copy, real, cryptography=None):
        yield copy / "store"


@pytest.fixture
def first_tables(mlflow, server, database, ask):
    """What mlflow makes of its models before Alembic's first revision."""

    def make(schema):
        ask(f"CREATE SCHEMA {schema}")
        spec = importlib.util.spec_from_file_location("initial", mlflow / "tracking" / "dbmodels" / "initial_models.py")
        initial = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(initial)
        engine = create_engine(
            "postgresql+psycopg2://",
            creator=lambda: psycopg2.connect(server.url(database.name)),
            poolclass=pool.NullPool,
        )
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            initial.Base.metadata.create_all(connection)

    return make


def test_the_history_of_optuna_gives_every_schema_what_alembic_gives_it(optuna, session, schema, catalog, plain):
    folder, second, third = read_folder(optuna), f"{schema}_2", f"{schema}_3"
    assert [m.author_version for m in folder.versioned][::9] == ["v0.9.0.a", "v3.2.0.a"]
    for name in (schema, second):
        assert len(Engine(folder).migrate(session, name).applied) == 10
    plain(third, optuna / "alembic")("upgrade", "head")
    assert catalog(schema) == catalog(second) == catalog(third)


def test_the_history_of_optuna_goes_back_as_far_as_it_has_a_way_and_up_again(optuna, session, schema, catalog):
    """Down to v3.0.0.c, whose own downgrade names an attribute that its file does not have."""
    folder = read_folder(optuna)
    Engine(folder).migrate(session, schema)
    after, broken = catalog(schema), next(m for m in folder.versioned if m.author_version == "v3.0.0.c")
    with pytest.raises(StepFailed, match=r"v3\.0\.0\.c\.py:191 .*FloatTypeEnum.*; the schema is as it was before"):
        Engine(folder).undo(session, schema, Since(folder.versioned[3].version), WaysBack(folder))
    assert catalog(schema) == after
    undone = Engine(folder).undo(session, schema, Since(broken.version), WaysBack(folder))
    assert undone.applied == ("v3.2.0.a_.py", "v3.0.0.d.py")
    assert Engine(folder).migrate(session, schema).applied == ("v3.0.0.d.py", "v3.2.0.a_.py")
    assert unordered(catalog(schema)) == unordered(after)


def test_a_revision_of_optuna_without_a_downgrade_is_named_and_nothing_is_touched(optuna, session, schema, catalog):
    folder = read_folder(optuna)
    Engine(folder).migrate(session, schema)
    after = catalog(schema)
    assert [m.author_version for m in folder.versioned if m.undo_is_empty] == ["v2.4.0.a"]
    with pytest.raises(CannotUndo, match=r"v2\.4\.0\.a\.py.* would undo nothing"):
        Engine(folder).undo(session, schema, Since(), WaysBack(folder))
    assert catalog(schema) == after


def test_the_history_of_mlflow_gives_every_schema_what_alembic_gives_it(
    mlflow, session, schema, catalog, plain, first_tables
):
    folder, second, third = read_folder(mlflow / "db_migrations"), f"{schema}_2", f"{schema}_3"
    for name in (schema, second, third):
        first_tables(name)
    for name in (schema, second):
        assert len(Engine(folder).migrate(session, name).applied) == 70
    plain(third, mlflow / "db_migrations")("upgrade", "head")
    assert catalog(schema) == catalog(second) == catalog(third)
    assert len(catalog(schema)) > 500


def test_the_history_of_mlflow_goes_back_as_far_as_it_has_a_way_and_up_again(
    mlflow, session, schema, catalog, first_tables
):
    folder = read_folder(mlflow / "db_migrations")
    first_tables(schema)
    Engine(folder).migrate(session, schema)
    after = catalog(schema)
    stuck = [m for m in folder.versioned if m.undo_code is None][-1]
    above = [m for m in folder.versioned if m.version > stuck.version]
    undone = Engine(folder).undo(session, schema, Since(stuck.version), WaysBack(folder))
    assert len(undone.applied) == len(above) > 0
    assert unordered(catalog(schema)) != unordered(after)
    assert len(Engine(folder).migrate(session, schema).applied) == len(above)
    assert unordered(catalog(schema)) == unordered(after)
