"""The first files of a project can be read, have comments, and overwrite nothing."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from config.settings import Settings
from migrator.cli.starting import CONVENTIONS, Wishes, is_begun, make_project, settings_text
from migrator.folder import read_folder
from migrator.folder.lint import lint_folder
from migrator.model.target import Scope


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_first_migration_can_be_read_and_taken_back_in_every_convention(convention):
    make_project(Wishes(convention=convention))
    read = read_folder(Path("migrations/tenant"), scope=Scope.TENANT)
    (first,) = read.migrations
    assert "CREATE TABLE account" in first.sql
    if convention in ("pairs", "per-folder", "sectioned"):
        assert "DROP TABLE account" in (first.undo or "")
    errors = [each for each in lint_folder(Path("migrations/tenant"), Scope.TENANT, with_squawk=False).findings]
    assert errors == []


def test_settings_are_valid_and_every_name_in_them_is_one():
    read = tomllib.loads(settings_text(Wishes("postgresql://localhost/ours", Path("db"))))
    assert read == {"control_url": "postgresql://localhost/ours", "migrations": "db"}
    spoken = settings_text(Wishes()).replace("# Settings of", "").splitlines()
    commented = "\n".join(line[2:] for line in spoken if (line.startswith("# ") and " = " in line) or "[" in line[:4])
    names = set(tomllib.loads(commented))
    assert names - set(Settings.model_fields) == set()
    assert {"control_url", "broker_url", "maintenance"} <= names


def test_a_project_that_is_begun_is_not_overwritten():
    Path("migrator.toml").write_text("lanes = 2\n")
    Path("migrations/tenant").mkdir(parents=True)
    (Path("migrations/tenant") / "V1__mine.sql").write_text("SELECT 1")
    assert is_begun()
    assert make_project(Wishes()) == ()
    assert Path("migrator.toml").read_text() == "lanes = 2\n"


def test_settings_with_a_password_are_for_their_owner_alone():
    make_project(Wishes("postgresql://me:secret@localhost/ours"))
    assert stat.S_IMODE(Path("migrator.toml").stat().st_mode) == 0o600
