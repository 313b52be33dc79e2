"""``migrator local``: an installation on embedded services, for trying out and for development."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psutil

from config.processes import PROCESSES
from migrator.cli.init import upgrade_control_schema
from migrator.cli.output import json_option, note, say
from migrator.cli.processes import Processes
from migrator.errors import LocalServiceFailed
from migrator.local import LocalServices

DIRECTORY = Path(".migrator")
START_SECONDS = 90.0
DASHBOARD_PORT = 5555

directory_option = click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=DIRECTORY,
    show_default=True,
    help="Where the services keep their data and logs.",
)


@click.group()
def local() -> None:
    """Embedded PostgreSQL and Valkey with workers, beat and dashboard, on loopback; nothing to install."""


@local.command()
@directory_option
@click.option("--detach", is_flag=True, help="Run in the background; 'migrator local down' stops it.")
@click.option("--services-only", is_flag=True, help="Only PostgreSQL and Valkey, no workers.")
def up(directory: Path, detach: bool, services_only: bool) -> None:
    """Start everything, and stop everything on Ctrl-C.

    Example: migrator local up --detach && migrator local status
    """
    directory = directory.absolute()
    if running(directory):
        note(f"it is running already in {directory}")
    elif detach:
        _detach(directory, services_only)
    else:
        with installation(directory, {} if services_only else PROCESSES) as (_, processes):
            show(directory)
            _keep(processes)


@local.command()
@directory_option
def down(directory: Path) -> None:
    """Stop what 'migrator local up' started.

    Example: migrator local down
    """
    owner = running(directory.absolute())
    if owner is None:
        note("nothing is running")
        return
    owner.terminate()
    owner.wait(START_SECONDS)
    note("stopped")


@local.command()
@directory_option
@json_option
def status(directory: Path, as_json: bool) -> None:
    """Say what is running and where.

    Example: migrator local status --json
    """
    state = read_state(directory.absolute()) if running(directory.absolute()) else {}
    known = {name: value for name, value in state.items() if name != "environment"}  # its addresses have passwords
    document = {"running": bool(state), **known}
    lines = [f"{name}: {value}" for name, value in document.items()]
    say(as_json, document, lambda console: console.print("\n".join(lines), markup=False))


@local.command()
@directory_option
def env(directory: Path) -> None:
    """Print the variables by which other programs find the services.

    Example: eval "$(migrator local env)"
    """
    if running(directory.absolute()) is None:
        raise LocalServiceFailed(service="installation", reason="is not running", log=directory / "local.log")
    for name, value in read_state(directory.absolute())["environment"].items():
        click.echo(f"export {name}='{value}'")


@contextlib.contextmanager
def installation(
    directory: Path, commands: dict[str, str], more: dict[str, str] | None = None
) -> Iterator[tuple[LocalServices, Processes]]:
    """Services and processes, running inside the block and stopped after it, also when it is interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    directory.mkdir(parents=True, exist_ok=True)
    port = _free_port(DASHBOARD_PORT)
    commands = {n: c + (f" --port={port}" if n == "dashboard" else "") for n, c in commands.items()}
    commands = {n: c + (f" --schedule={directory / 'beat'}" if n == "beat" else "") for n, c in commands.items()}
    with LocalServices(directory) as services:
        environment = {**services.environment(), **(more or {})}
        upgrade_control_schema(environment["MIGRATOR_CONTROL_URL"])
        with Processes(commands, environment, directory / "logs") as processes:
            dashboard = f"http://127.0.0.1:{port}" if "dashboard" in commands else None
            _write_state(directory, environment, dashboard, processes)
            try:
                yield services, processes
            finally:
                _remove_state(directory)


def show(directory: Path) -> None:
    """Say where everything is."""
    state = read_state(directory)
    note(f"PostgreSQL and Valkey are running, their data is in {directory}")
    if state["dashboard"]:
        note(f"Flower: {state['dashboard']}")
    note('settings in this directory find them by themselves; elsewhere: eval "$(migrator local env)"')


def running(directory: Path) -> psutil.Process | None:
    """The process that keeps the installation of a directory running, None when there is none."""
    try:
        state = read_state(directory)
        owner = psutil.Process(state["pid"])
        alive = owner.create_time() == state["started"] and owner.status() != psutil.STATUS_ZOMBIE
        return owner if alive else None
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None


def _keep(processes: Processes) -> None:
    while True:
        time.sleep(1)
        for name in processes.revive():
            note(f"{name} had ended and was started again; its log is {processes.log(name)}")


def _detach(directory: Path, services_only: bool) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "migrator.cli", "local", "up", "--directory", str(directory)]
    command += ["--services-only"] if services_only else []
    log = directory / "local.log"
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + START_SECONDS
    while running(directory) is None:
        if child.poll() is not None or time.monotonic() > deadline:
            raise LocalServiceFailed(service="installation", reason="did not start", log=log)
        time.sleep(0.1)
    show(directory)
    note("it runs in the background; stop it with: migrator local down")


def _write_state(directory: Path, environment: dict[str, str], dashboard: str | None, processes: Processes) -> None:
    """What other commands need; settings.toml is what config.settings reads in the directory of an application."""
    state = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "dashboard": dashboard,
        "environment": environment,
        "processes": processes.pids(),
    }
    settings = {
        "control_url": environment["MIGRATOR_CONTROL_URL"],
        "broker_url": environment["MIGRATOR_BROKER_URL"],
        "passfile": environment["PGPASSFILE"],
        "pg_bin": environment["MIGRATOR_PG_BIN"],
    }
    _write(directory / "local.toml", "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items()))
    _write(directory / "state.json", json.dumps(state, indent=2))


def _write(path: Path, text: str) -> None:
    """Readable by its owner alone, for it holds passwords; complete or not there."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _remove_state(directory: Path) -> None:
    for name in ("state.json", "local.toml"):
        (directory / name).unlink(missing_ok=True)


def read_state(directory: Path) -> dict[str, Any]:
    """What is running in a directory: pid, started, dashboard, environment, processes. FileNotFoundError if nothing."""
    found: dict[str, Any] = json.loads((directory / "state.json").read_text(encoding="utf-8"))
    return found


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _free_port(wanted: int) -> int:
    """The wanted port, or any other when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise LocalServiceFailed(service="dashboard", reason="found no free port", log="-")
