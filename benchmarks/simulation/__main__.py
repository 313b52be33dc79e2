"""``python -m benchmarks.simulation``: the model over a fleet of one's own, with costs of one's own."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import click

from benchmarks.simulation.costs import MEASURED, measured_costs
from benchmarks.simulation.site import Site
from benchmarks.simulation.words import as_markdown


@click.command()
@click.option(
    "--costs", "file", type=click.Path(path_type=Path, exists=True), default=MEASURED, help="From a bench run."
)
@click.option("--set", "changes", multiple=True, metavar="NAME=NUMBER", help="Another number for a part of the site.")
def main(file: Path, changes: tuple[str, ...]) -> None:
    """Ask how long a rollout to a large fleet takes, and what stands in its way."""
    click.echo(as_markdown(changed(Site(), changes), measured_costs(file)))


def changed(site: Site, changes: tuple[str, ...]) -> Site:
    """The site with some numbers replaced. Raises click.BadParameter for a name that it does not have."""
    known = {each.name: type(getattr(site, each.name)) for each in fields(site)}
    for change in changes:
        name, _, number = change.partition("=")
        if name not in known:
            raise click.BadParameter(f"{name} is none of {', '.join(known)}", param_hint="--set")
        try:
            site = replace(site, **{name: known[name](number)})
        except ValueError:
            raise click.BadParameter(f"{number} is no number", param_hint="--set") from None
    return site


if __name__ == "__main__":
    main()
