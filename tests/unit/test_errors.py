"""Errors: the drawn tree is the real one, a sentence has its facts, and Celery's result backend keeps both."""

from __future__ import annotations

import ast
import inspect
import json
import pickle
import re
import string
from pathlib import Path

import pytest
from celery import Celery

import migrator
from docs.generate.errors import SUBJECTS, errors_of
from migrator import errors
from migrator.errors import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    EXIT_REFUSED,
    BadInput,
    ExecutionFailed,
    MigrationFailed,
    MigratorError,
    SchemaLocked,
    TransientError,
    UnknownDatabase,
)

ROOT = Path(migrator.__file__).parents[1]
CLASSES = {name: c for name, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, MigratorError)}
every_class = pytest.mark.parametrize("error", CLASSES.values(), ids=CLASSES)


def facts_of(error: type[MigratorError]) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(error.sentence) if name}


def example(error: type[MigratorError]) -> MigratorError:
    return error(**{fact: f"<{fact}>" for fact in facts_of(error)})


def drawn() -> dict[str, str]:
    """Class to parent as the docstring draws them; what stands behind two blanks is a remark."""
    lines = str(errors.__doc__).split("::\n\n")[1].split("\n\n")[0].splitlines()
    parents, tree = [(-1, "Exception")], {}
    for line in lines:
        depth = re.search(r"[A-Z]", line).start()
        names = re.findall(r"\b[A-Z]\w+", re.split(r"\s{2,}", line[depth:])[0])
        while parents[-1][0] >= depth:
            parents.pop()
        tree |= dict.fromkeys(names, parents[-1][1])
        parents.append((depth, names[-1]))
    return tree


def test_every_error_hangs_in_the_drawn_tree_where_it_is_drawn():
    assert drawn() == {name: error.__bases__[0].__name__ for name, error in CLASSES.items()}


def made_anywhere() -> set[str]:
    """Every error class of the rooms of ``migrator.errors``, whether or not somebody made it importable from there."""
    rooms = sorted((ROOT / "migrator" / "errors").glob("*.py"))
    return {
        node.name for path in rooms for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    }


def test_every_error_is_importable_from_one_place():
    assert made_anywhere() == set(CLASSES) == {name for name in errors.__all__ if not name.startswith("EXIT_")}


def test_every_error_with_a_sentence_stands_in_the_manual():
    told = {name for name, error in CLASSES.items() if error.sentence != MigratorError.sentence}
    listed = {error.__name__ for _, room in SUBJECTS for error in errors_of(room)}
    assert listed == told


def test_no_error_is_there_in_vain():
    """One that only others derive from is there to be caught."""
    leaves = {name for name, error in CLASSES.items() if not error.__subclasses__()}
    named = {node.id for tree in _outside_of_errors() for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert leaves - named == set()


def _outside_of_errors():
    for path in (path for package in ("migrator", "tasks", "config") for path in (ROOT / package).rglob("*.py")):
        if path.parent.name != "errors":
            yield ast.parse(path.read_text(encoding="utf-8"))


@every_class
def test_the_sentence_of_an_error_goes_on_from_a_person_and_has_no_full_stop(error):
    """Sentences are put behind others, such as 'Error: ', and in front of others."""
    assert not error.sentence.endswith((".", "\n"))
    assert not re.match(r"[A-Z][a-z]", error.sentence)


@every_class
def test_the_sentence_holds_every_fact(error):
    assert all(f"<{fact}>" in str(example(error)) for fact in facts_of(error))


@every_class
def test_an_error_survives_the_result_backend(error):
    backend = Celery(set_as_current=False, backend="cache+memory://").backend
    stored = json.loads(json.dumps(backend.prepare_exception(example(error), serializer="json")))
    read = backend.exception_to_python(stored)
    assert type(read) is error
    assert str(read) == str(example(error))


@every_class
def test_an_error_travels_from_a_worker_child_to_its_parent(error):
    assert str(pickle.loads(pickle.dumps(example(error)))) == str(example(error))


def test_a_failed_execution_keeps_its_report_in_the_result_backend():
    backend = Celery(set_as_current=False, backend="cache+memory://").backend
    sent = ExecutionFailed("2 of 3 targets done", {"failed": 1, "failures": [{"schema": "a", "line": 7}]})
    read = backend.exception_to_python(json.loads(json.dumps(backend.prepare_exception(sent, serializer="json"))))
    assert str(read) == "2 of 3 targets done"
    assert read.report == sent.report


def test_facts_are_kept_beside_the_sentence():
    error = UnknownDatabase(database="eu-1")
    assert error.facts == {"database": "eu-1"}
    assert str(error).startswith("database eu-1 is not registered, nothing was done")


def test_braces_in_a_fact_are_not_taken_for_a_placeholder():
    error = MigrationFailed(
        script="V1__a.sql", line=3, schema="s", sqlstate="22P02", reason='bad json {"a": {b}}', state="as before"
    )
    assert '{"a": {b}}' in str(error)


def test_a_forgotten_fact_is_noticed_where_the_error_is_made():
    with pytest.raises(KeyError):
        UnknownDatabase()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MigratorError, EXIT_FAILED),
        (BadInput, EXIT_BAD_INPUT),
        (UnknownDatabase, EXIT_BAD_INPUT),
        (SchemaLocked, EXIT_REFUSED),
        (TransientError, EXIT_FAILED),
    ],
)
def test_an_error_has_the_exit_code_of_its_kind(error, code):
    assert error.exit_code == code


def test_every_error_is_made_with_the_facts_that_its_sentence_needs():
    assert list(_calls_without_a_fact()) == []


def _calls_without_a_fact():
    for path in sorted(path for package in ("migrator", "tasks") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                given = {keyword.arg for keyword in node.keywords}
                missing = facts_of(CLASSES[node.func.id]) - given
                if missing and not node.args and None not in given:
                    yield f"{path.name}:{node.lineno}: {node.func.id} lacks {', '.join(sorted(missing))}"
