"""The systemd units start what the Procfile starts, and stop it as operations.md says."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import migrator
from config.processes import PROCESSES
from config.settings import Settings

ROOT = Path(migrator.__file__).parents[1]
FOLDER = ROOT / "examples" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


def read(unit: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit)
    return parser


def test_there_is_a_unit_for_each_process():
    assert {unit.stem for unit in UNITS} == {f"migrator-{name}" for name in PROCESSES}


@each_unit
def test_a_unit_starts_what_the_procfile_starts(unit):
    command = read(unit)["Service"]["ExecStart"].replace("%%", "%").removeprefix("/opt/migrator/bin/")
    assert command.startswith(PROCESSES[unit.stem.removeprefix("migrator-")])


@each_unit
def test_a_unit_is_restarted_when_it_ends_and_has_the_common_environment(unit):
    service = read(unit)["Service"]
    assert (service["Restart"], service["EnvironmentFile"]) == ("always", "/etc/migrator/migrator.env")


@pytest.mark.parametrize("name", ["urgent", "worker"])
def test_a_worker_is_stopped_by_its_main_process_and_has_the_time_for_it(name):
    service = read(FOLDER / f"migrator-{name}.service")["Service"]
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > Settings.model_fields["stop_patience"].default + 5


def test_every_variable_of_the_environment_file_is_a_setting():
    names = re.findall(r"^MIGRATOR_(\w+)=", (FOLDER / "migrator.env").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in names if name.lower() not in Settings.model_fields] == []
    assert {"CONTROL_URL", "BROKER_URL", "MIGRATIONS"} <= set(names)


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
@each_unit
def test_systemd_has_nothing_to_say_about_a_unit(unit, tmp_path):
    program = shutil.which("true")
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8")
    copy.write_text(text.replace("/opt/migrator/bin/celery", str(program)), encoding="utf-8")
    words = [str(ANALYZE), "verify", "--man=no", "--recursive-errors=no", str(copy)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])
