"""The processes of an installation end with what started them, however that dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import migrator
from tests.integration.waiting import eventually

REPOSITORY = Path(migrator.__file__).parents[1]
SUPERVISOR = """
import sys, time
from pathlib import Path
from migrator.cli.processes import Processes
with Processes({"web": "http.server 0"}, {"PYTHONUNBUFFERED": "1"}, Path(sys.argv[1])) as processes:
    print(processes.pids()["web"], flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_a_process_ends_by_itself_when_its_supervisor_is_killed(tmp_path):
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as supervisor:
        web = psutil.Process(int(supervisor.stdout.readline()))
        eventually(lambda: "Serving HTTP" in (tmp_path / "web.log").read_text())
        assert web.is_running()
        supervisor.kill()
    eventually(lambda: not web.is_running() or web.status() == psutil.STATUS_ZOMBIE)
