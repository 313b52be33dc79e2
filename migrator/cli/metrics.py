"""``migrator metrics``: what Prometheus would scrape, on stdout."""

from __future__ import annotations

from typing import Any

import click
from prometheus_client.parser import text_string_to_metric_families

from migrator.cli.output import json_option, say


@click.command()
@json_option
def metrics(as_json: bool) -> None:
    """Print the metrics in Prometheus' text format, as the dashboard has them under /metrics.

    For node_exporter's textfile collector, or to look.

    Example: migrator metrics > /var/lib/node_exporter/migrator.prom
    """
    from tasks.metrics import metrics_page

    page = metrics_page().decode()
    if as_json:
        say(as_json, [_family(family) for family in text_string_to_metric_families(page)], lambda _: None)
    else:
        click.echo(page, nl=False)


def _family(family: Any) -> dict[str, Any]:
    samples = [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples]
    return {"name": family.name, "type": family.type, "help": family.documentation, "samples": samples}
