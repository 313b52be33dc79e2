"""Stages: in which order scopes are migrated when migrations depend on each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import DependencyCircle, UnknownDependency
from migrator.folder.directives import read_directives
from migrator.model.folder import Folder
from migrator.model.history import Mark
from migrator.model.migration import Migration
from migrator.model.stage import Stage, folder_at, is_behind, stage_among, stages_of
from migrator.model.target import Scope
from migrator.model.version import Version
from tests.unit import builders

ADMIN, REGIONAL, TENANT = Scope


def folder(scope: str, *versions: str, **depends: str) -> Folder:
    """V1__a.sql ... of these versions; ``depends`` is what some of them need, V2="admin:1, regional:3"."""
    made = [_migration(f"V{version}__{scope}.sql", depends.get(f"V{version}")) for version in versions]
    repeatable = [_migration(f"R__{name}.sql", need) for name, need in depends.items() if not name.startswith("V")]
    return Folder(Path("migrations") / scope, tuple(made), tuple(repeatable))


def _migration(script: str, depends: str | None) -> Migration:
    words = ", ".join(f"depends={need.strip()}" for need in (depends or "").split(",") if need.strip())
    sql = f"-- migrator: {words}\nSELECT 1" if words else "SELECT 1"
    return replace(builders.migration(script, sql), directives=read_directives(sql, Path(script)))


def upto(number: int, **depends: str) -> dict:
    return {"versions": [str(n) for n in range(1, number + 1)], "depends": depends}


def folders(**scopes: dict) -> dict[Scope, Folder]:
    return {Scope(name): folder(name, *said["versions"], **said["depends"]) for name, said in scopes.items()}


def drawn(stages) -> list[str]:
    """admin:6 for a stage that ends there, tenant for one that goes to the end."""
    return [f"{stage.scope}:{stage.to}" if stage.to else stage.scope.value for stage in stages]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({}, []),
        ({"tenant": upto(3)}, ["tenant"]),
        ({"tenant": upto(0)}, ["tenant"]),
        ({"tenant": upto(3), "admin": upto(3), "regional": upto(3)}, ["admin", "regional", "tenant"]),
        ({"regional": upto(12), "tenant": upto(3, V2="regional:12")}, ["regional", "tenant"]),
        ({"admin": upto(3, V2="admin:1"), "tenant": upto(3)}, ["admin", "tenant"]),
        ({"admin": upto(7, V7="tenant:5"), "tenant": upto(9)}, ["admin:6", "tenant", "admin"]),
        ({"admin": upto(2, V1="tenant:1"), "tenant": upto(1)}, ["tenant", "admin"]),
        (
            {"admin": upto(4, V3="regional:2"), "regional": upto(4, V3="admin:4")},
            ["admin:2", "regional:2", "admin", "regional"],
        ),
        (
            {"admin": upto(7, V7="tenant:20"), "regional": upto(3), "tenant": upto(22, V21="admin:7")},
            ["admin:6", "regional", "tenant:20", "admin", "tenant"],
        ),
        ({"admin": upto(2, look="tenant:1"), "tenant": upto(1)}, ["admin:2", "tenant", "admin"]),
        (
            {"admin": upto(2, V1="regional:1", V2="tenant:1"), "regional": upto(1), "tenant": upto(1)},
            ["regional", "admin:1", "tenant", "admin"],
        ),
    ],
)
def test_a_scope_goes_as_far_as_it_can_and_the_first_that_can_goes_first(scopes, expected):
    stages = stages_of(folders(**scopes))
    assert drawn(stages) == expected
    assert [stage.number for stage in stages] == list(range(1, len(expected) + 1))


def test_repeatable_migrations_belong_to_the_last_stage_of_their_scope():
    known = folders(admin=upto(2, V2="tenant:1", look=""), tenant=upto(1))
    first, _, last = stages_of(known)
    assert (first.is_last, last.is_last) == (False, True)
    assert folder_at(first, known[ADMIN]).repeatable == ()
    assert folder_at(last, known[ADMIN]).repeatable == known[ADMIN].repeatable


def test_a_scope_that_is_not_asked_for_is_left_out_and_not_waited_for():
    known = folders(admin=upto(7), tenant=upto(3, V2="admin:7, regional:12"))
    assert drawn(stages_of(known, only=[TENANT])) == ["tenant"]
    assert drawn(stages_of(known)) == ["admin", "tenant"]


def test_the_version_that_was_asked_for_ends_the_last_stage():
    known = folders(tenant=upto(9))
    assert stages_of(known, to=Version("5")) == (Stage(1, TENANT, Version("5")),)


def test_what_is_above_the_version_asked_for_has_no_say():
    known = folders(tenant=upto(3, V1="tenant:1", V2="tenant:3"))
    assert drawn(stages_of(known, to=Version("1"))) == ["tenant:1"]


def test_a_baseline_stands_for_the_versions_up_to_its_own():
    known = folders(regional=upto(0), tenant=upto(1, V1="regional:3"))
    baseline = builders.migration("B5__all.sql")
    known[REGIONAL] = replace(known[REGIONAL], baselines=(baseline,))
    assert drawn(stages_of(known)) == ["regional", "tenant"]


def test_a_version_that_the_other_folder_does_not_have_is_an_error_that_names_both():
    known = folders(regional=upto(11), tenant=upto(2, V2="regional:12"))
    with pytest.raises(UnknownDependency) as raised:
        stages_of(known)
    assert "V2__tenant.sql:1 depends on regional:12, which is not in migrations/regional" in str(raised.value)
    assert "its newest is V11__regional.sql" in str(raised.value)


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        (
            {"admin": upto(7, V7="tenant:5"), "tenant": upto(5, V5="admin:7")},
            "admin:7 V7__admin.sql:1 -> tenant:5 V5__tenant.sql:1 -> admin:7 V7__admin.sql:1",
        ),
        (
            {"admin": upto(7, V6="tenant:8"), "tenant": upto(8, V5="admin:7")},
            "admin:6 V6__admin.sql:1 -> tenant:8 V8__tenant.sql -> tenant:5 V5__tenant.sql:1"
            " -> admin:7 V7__admin.sql -> admin:6 V6__admin.sql:1",
        ),
        (
            {"tenant": upto(3, V2="tenant:3")},
            "tenant:2 V2__tenant.sql:1 -> tenant:3 V3__tenant.sql -> tenant:2 V2__tenant.sql:1",
        ),
        (
            {"admin": upto(1, V1="tenant:1"), "regional": upto(1, V1="admin:1"), "tenant": upto(1, V1="regional:1")},
            "admin:1 V1__admin.sql:1 -> tenant:1 V1__tenant.sql:1 -> regional:1 V1__regional.sql:1"
            " -> admin:1 V1__admin.sql:1",
        ),
        (
            {"admin": upto(1, V1="tenant:1"), "regional": upto(1, V1="tenant:1"), "tenant": upto(1, V1="regional:1")},
            "tenant:1 V1__tenant.sql:1 -> regional:1 V1__regional.sql:1 -> tenant:1 V1__tenant.sql:1",
        ),
    ],
)
def test_a_circle_is_drawn_from_one_migration_back_to_itself(scopes, path):
    with pytest.raises(DependencyCircle) as raised:
        stages_of(folders(**scopes))
    assert raised.value.facts["path"] == path


@st.composite
def fleets(draw) -> dict[Scope, Folder]:
    counts = {scope: draw(st.integers(0, 5)) for scope in draw(st.sets(st.sampled_from(Scope), min_size=1))}
    known = [(scope, version) for scope, count in counts.items() for version in range(1, count + 1)]
    made = {}
    for scope, count in counts.items():
        needs = {}
        for version in range(1, count + 1):
            needed = draw(st.lists(st.sampled_from(known), max_size=2)) if draw(st.booleans()) else []
            needs[f"V{version}"] = ", ".join(f"{on}:{number}" for on, number in needed)
        made[scope] = folder(scope, *(str(n) for n in range(1, count + 1)), **needs)
    return made


def applied(known: dict[Scope, Folder], stages) -> list[tuple[Stage, Migration]]:
    """What the stages apply, in order, starting with nothing."""
    reached: dict[Scope, Version] = {}
    order = []
    for stage in stages:
        for migration in known[stage.scope].versioned:
            after = stage.scope not in reached or migration.version > reached[stage.scope]
            if after and (stage.to is None or migration.version <= stage.to):
                order.append((stage, migration))
        if stage.to:
            reached[stage.scope] = stage.to
    return order


def has_circle(known: dict[Scope, Folder]) -> bool:
    """By taking away, again and again, what nothing that is left stands before."""
    before: dict[tuple[Scope, Version], set[tuple[Scope, Version]]] = {}
    for scope, found in known.items():
        for migration in found.versioned:
            before[scope, migration.version] = {(Scope(on), v) for on, v in migration.directives.depends}
            before[scope, migration.version].discard((scope, migration.version))
        for earlier, later in pairwise(found.versioned):
            before[scope, later.version].add((scope, earlier.version))
    while free := [key for key, needed in before.items() if not needed & set(before)]:
        for key in free:
            del before[key]
    return bool(before)


@given(fleets())
def test_every_migration_is_in_one_stage_and_has_what_it_depends_on_before(known):
    if has_circle(known):
        with pytest.raises(DependencyCircle):
            stages_of(known)
        return
    stages = stages_of(known)
    order = applied(known, stages)
    assert sorted(m.path for _, m in order) == sorted(m.path for found in known.values() for m in found.versioned)
    seen: set[tuple[str, Version]] = set()
    for stage, migration in order:
        seen.add((stage.scope.value, migration.version))
        assert set(migration.directives.depends) <= seen
    assert [stage.scope for stage in stages if stage.is_last] == sorted(known, key=lambda s: drawn(stages).index(s))


@given(fleets())
def test_without_directives_a_scope_is_one_stage_in_the_usual_order(known):
    bare = {scope: builders.folder(*(m.script for m in found.versioned)) for scope, found in known.items()}
    assert drawn(stages_of(bare)) == [scope.value for scope in Scope if scope in known]


@pytest.mark.parametrize(
    ("to", "is_last", "mark", "behind"),
    [
        ("2", False, None, True),
        ("2", False, ("1", "other"), True),
        ("2", False, ("2", "other"), False),
        ("2", False, ("3", "other"), False),
        (None, True, ("2", "other"), True),
        (None, True, ("3", "other"), True),
        (None, True, ("3", None), False),
    ],
)
def test_before_the_last_stage_the_version_alone_says_who_is_behind(to, is_last, mark, behind):
    known = folder("tenant", "1", "2", "3")
    found = Mark(mark[0], mark[1] or known.digest) if mark else None
    assert is_behind(Stage(1, TENANT, Version(to) if to else None, is_last), found, known) is behind


def test_stages_read_back_from_a_plan_know_which_is_the_last_of_its_scope():
    first, other, last = Stage(1, ADMIN, Version("1")), Stage(3, TENANT), Stage(4, ADMIN)
    known = {stage.number: stage for stage in (first, other, last)}
    assert [stage_among(known, number).is_last for number in known] == [False, True, True]
    assert stage_among(known, 2) is None
