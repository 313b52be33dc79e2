"""The rooms and the doors between them, read from the source: one-way imports, no circles, no hidden reading."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import migrator
from config.processes import PROCESSES

ROOT = Path(migrator.__file__).parents[1]
PACKAGES = ("migrator", "tasks", "config")

STOREYS = {
    "migrator.errors": 0,
    "migrator.queries": 0,
    "migrator.model": 1,
    "migrator.folder": 2,
    "migrator.schema": 2,
    "migrator.wire": 2,
    "migrator.fleet": 2,
    "migrator.watch": 3,
    "tasks": 4,
    "migrator.web": 5,
    "migrator.cli": 5,
}
BESIDE = {"migrator", "migrator.client", "migrator.local", "config"}
"""Rooms with rules of their own; ``migrator`` itself is only the version."""
READS_ENVIRONMENT = (
    "migrator.cli",
    "migrator.web",
    "migrator.client",
    "migrator.local",
    "migrator.schema.credential",
    "migrator.schema.pg_child",  # its children live in the environment that libpq reads in this process
)


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def imports() -> dict[str, set[str]]:
    """Module to the modules of ours that it imports anywhere: at the top, in a function, for types only."""
    return {name: {m for m in _imported(tree) if m.partition(".")[0] in PACKAGES} for name, tree in sources().items()}


def _imported(tree: ast.Module):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in sources() else str(node.module)


def room(module: str) -> str:
    parts = module.split(".")
    if parts[0] != "migrator":
        return parts[0]
    return ".".join(parts[:2])


def doors():
    """Every import from one room into another, ``migrator`` with its version left out."""
    for module, imported in imports().items():
        for other in imported - {"migrator"}:
            if room(other) != room(module):
                yield module, other


def test_every_import_names_a_module_that_exists():
    assert {other for found in imports().values() for other in found} <= set(sources())


def test_every_module_has_a_room():
    assert {room(module) for module in sources()} == set(STOREYS) | BESIDE


def test_a_room_imports_only_from_lower_rooms():
    upward = [
        f"{module} imports {other}"
        for module, other in doors()
        if room(module) in STOREYS and room(other) in STOREYS and STOREYS[room(other)] >= STOREYS[room(module)]
    ]
    assert upward == []


def test_schema_and_fleet_never_import_each_other():
    joined = {frozenset((room(module), room(other))) for module, other in doors()}
    assert frozenset(("migrator.schema", "migrator.fleet")) not in joined


def test_only_the_command_line_imports_client_and_local():
    importers = {room(module) for module, other in doors() if room(other) in {"migrator.client", "migrator.local"}}
    assert importers <= {"migrator.cli"}


def test_local_imports_only_errors():
    assert {other for module, other in doors() if room(module) == "migrator.local"} == {"migrator.errors"}


def test_client_imports_neither_tasks_nor_config():
    rooms = {room(other) for other in imports()["migrator.client"]}
    assert rooms == {"migrator.errors", "migrator.model", "migrator.wire", "migrator.fleet"}


def test_config_imports_nothing_of_ours():
    assert [other for module, other in doors() if room(module) == "config"] == []


def test_config_is_imported_by_tasks_web_and_cli_alone():
    importers = {room(module) for module, other in doors() if room(other) == "config"}
    assert importers == {"tasks", "migrator.web", "migrator.cli"}


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        circle = " > ".join(error.args[1])
        raise AssertionError(circle) from None


def test_imports_are_absolute():
    relative = [
        name
        for name, tree in sources().items()
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    ]
    assert relative == []


def test_only_the_edges_read_the_environment():
    readers = [name for name, tree in sources().items() if any(map(_is_environment, ast.walk(tree)))]
    hidden = [name for name in readers if room(name) not in ("config", "tasks")]
    assert [name for name in hidden if not name.startswith(READS_ENVIRONMENT)] == []


def _is_environment(node: ast.AST) -> bool:
    words = {"environ", "environb", "getenv", "putenv"}
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in words
    return isinstance(node, ast.ImportFrom) and node.module == "os" and any(a.name in words for a in node.names)


def test_the_model_touches_neither_clock_nor_disk_nor_network():
    outside = {"time", "os", "socket", "random", "subprocess", "celery", "sqlalchemy", "psycopg2"}
    for name, tree in sources().items():
        if room(name) == "migrator.model":
            assert {module.partition(".")[0] for module in _imported(tree)} & outside == set(), name


def test_the_procfile_starts_the_processes_of_the_configuration_with_the_celeryconfig_of_the_checkout():
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    expected = {name: f"env CELERY_CONFIG_MODULE=celeryconfig {command}" for name, command in PROCESSES.items()}
    assert dict(line.split(": ", 1) for line in lines if line.strip()) == expected
