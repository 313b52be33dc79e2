"""Another team's application: it has our wheel, its own code and the broker's URL, and nothing else of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.fleet import FIRST

CHECKOUT = Path(__file__).parents[2]
SHIPPED = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "migrator", "tasks", "config", "examples")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Our wheel, unpacked where only the foreign application looks; what it depends on is installed already."""
    place = tmp_path_factory.mktemp("wheel")
    (place / "source").mkdir()
    for name in SHIPPED:
        copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
        copy(CHECKOUT / name, place / "source" / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *options, "--wheel-dir", place / "dist", place / "source"], check=True, cwd=place)
    [wheel] = (place / "dist").glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", place / "site", wheel], check=True, cwd=place)
    return place / "site"


def run(code, installed, place, **environment):
    """Run a few lines as the foreign application; the answer is the JSON that they print."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MIGRATOR", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env={**clean, "PYTHONPATH": str(installed), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_wheel_carries_three_packages_their_sql_and_the_example(installed):
    packages = {path.name for path in installed.iterdir() if (path / "__init__.py").exists()}
    assert packages == {"migrator", "tasks", "config"}
    assert (installed / "migrator/fleet/migrations/V1__control_schema.sql").exists()
    assert (installed / "migrator/py.typed").exists()
    assert (installed / "share/migrator/examples/shop/application.py").exists()


@pytest.mark.usefixtures("celery_setup")
def test_it_sends_an_event_from_tasks_and_gets_the_report(fleet, installed, tmp_path):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    code = f"""
import json, tasks
print(json.dumps([tasks.__file__, tasks.tenant_created.delay(**{fleet.tenant_payload()!r}).get(timeout=30)]))
"""
    origin, report = run(code, installed, tmp_path, MIGRATOR_BROKER_URL=fleet.environment["MIGRATOR_BROKER_URL"])
    assert origin.startswith(str(installed))
    assert report["summary"].startswith("schema tenant_7 of database one is at version 1")


@pytest.mark.usefixtures("celery_setup")
def test_it_sends_an_event_from_the_client_when_it_has_tasks_of_its_own(fleet, installed, tmp_path):
    fleet.write("V1__account.sql", FIRST)
    fleet.register()
    (tmp_path / "tasks.py").write_text("mine = True\n")
    code = f"""
import json, sys, tasks
from migrator.client import tenant_created
report = tenant_created.delay(**{fleet.tenant_payload()!r}).get(timeout=30)
print(json.dumps([tasks.mine, "config" in sys.modules, report]))
"""
    mine, config_was_imported, report = run(
        code, installed, tmp_path, MIGRATOR_BROKER_URL=fleet.environment["MIGRATOR_BROKER_URL"]
    )
    assert (mine, config_was_imported, report["version"]) == (True, False, "1")


def test_without_a_broker_it_is_told_which_setting_is_missing(installed, tmp_path):
    code = """
import json
from migrator.client import tenant_created
from migrator.errors import SettingsMissing
try:
    tenant_created.delay(tenant_id="7")
except SettingsMissing as error:
    print(json.dumps(str(error)))
"""
    assert "set MIGRATOR_BROKER_URL" in run(code, installed, tmp_path)
