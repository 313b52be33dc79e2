"""The ``migrator`` command. Each command's module is imported when it is called, so that help comes at once."""

from __future__ import annotations

import sys

import click

from migrator import __version__
from migrator.cli.hints import hint_for_error, hint_for_usage
from migrator.cli.lazy import lazy_group
from migrator.cli.summaries import SUMMARIES
from migrator.errors import EXIT_INTERRUPTED, MigratorError

COMMANDS = {
    "alerts": "migrator.cli.alerts:alerts",
    "baseline": "migrator.cli.amend:baseline",
    "breaker": "migrator.cli.breaker:breaker",
    "cancel": "migrator.cli.rollout:cancel",
    "completion": "migrator.cli.completion:completion",
    "dashboard": "migrator.cli.dashboard:dashboard",
    "database": "migrator.cli.registry:database",
    "demo": "migrator.cli.demo:demo",
    "doctor": "migrator.cli.doctor:doctor",
    "drift": "migrator.cli.drift:drift",
    "events": "migrator.cli.events:events_",
    "executions": "migrator.cli.ledger:executions",
    "explain": "migrator.cli.explain:explain",
    "health": "migrator.cli.health:health",
    "init": "migrator.cli.init:init",
    "lint": "migrator.cli.lint:lint",
    "local": "migrator.cli.local:local",
    "maintenance": "migrator.cli.maintenance:maintenance",
    "metrics": "migrator.cli.metrics:metrics",
    "migrate": "migrator.cli.migrate:migrate",
    "new": "migrator.cli.new:new",
    "pause": "migrator.cli.rollout:pause",
    "performance": "migrator.cli.performance:performance",
    "plan": "migrator.cli.plan:plan",
    "preflight": "migrator.cli.preflight:preflight",
    "rehearse": "migrator.cli.rehearse:rehearse",
    "relay": "migrator.cli.relay:relay",
    "repair": "migrator.cli.amend:repair",
    "resume": "migrator.cli.rollout:resume",
    "retry": "migrator.cli.rollout:retry",
    "rollback": "migrator.cli.rollback:rollback",
    "schema": "migrator.cli.schema:schema",
    "show": "migrator.cli.ledger:show",
    "snapshot": "migrator.cli.snapshot:snapshot",
    "spare": "migrator.cli.spare:spare",
    "status": "migrator.cli.status:status",
    "tenant": "migrator.cli.registry:tenant",
    "timeline": "migrator.cli.timeline:timeline",
    "validate": "migrator.cli.validate:validate",
    "watch": "migrator.cli.migrate:watch",
}
INTERRUPTED = "interrupted: targets that were done stay done, and one in hand is as it was before or as it was to be"
NOTHING_DONE = "nothing was done"
NEVER_LOG = {"completion", "new"}
"""They start without what logs are written with, which takes longer than what they do."""


@click.command(
    cls=lazy_group(COMMANDS, SUMMARIES.get("migrator")), context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="migrator")
@click.pass_context
def cli(context: click.Context) -> None:
    """Keeps the PostgreSQL schemas of a multi-tenant fleet at the right version.

    Exit codes: 0 done, 1 some targets failed, 2 bad usage or configuration, 3 refused by a guard, 130 interrupted.

    Example: migrator doctor
    """
    if context.invoked_subcommand not in NEVER_LOG and not {"-h", "--help"} & set(sys.argv):
        from config import logging

        logging.configure("WARNING")  # on stderr: stdout is for the answer


def main() -> None:
    """The process's edge: every error of ours becomes one sentence on stderr and its exit code."""
    try:
        code = cli.main(prog_name="migrator", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        if hint := hint_for_usage(error):
            click.echo(hint, err=True)
        code = error.exit_code
    except MigratorError as error:
        click.echo(f"error: {error}", err=True)
        if statement := _first_line(error):
            click.echo(f"  {statement}", err=True)
        if hint := hint_for_error(error):
            click.echo(hint, err=True)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        was_asked = isinstance(error, click.Abort) and not isinstance(error.__cause__, KeyboardInterrupt)
        click.echo(NOTHING_DONE if was_asked else INTERRUPTED, err=True)
        code = EXIT_INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _first_line(error: MigratorError) -> str:
    """How the statement begins that the server refused; nothing where there is none, or the sentence has it already."""
    lines = str(error.facts.get("statement") or "").strip().splitlines()
    return lines[0] if lines and lines[0] not in str(error) else ""
