"""``python -m benchmarks``: measures, prints the report, and fails when the lanes did not do the same work."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.choice import Choice, NoSuchChoice
from benchmarks.document import NoPlace, as_document, report, summary, write_into
from benchmarks.programme import Programme, Result
from benchmarks.scale import SMOKE, Scale
from benchmarks.shop import WorkDiffers
from benchmarks.simulation.costs import MEASURED
from benchmarks.workers import WorkersFailed

PLOT = "performance.svg"


@dataclass(frozen=True)
class Files:
    """Where the result goes, beside the terminal."""

    json: Path | None
    doc: Path | None
    readme: Path | None

    def keep(self, result: Result) -> None:
        """A document of plain values, as far as there are any."""
        if self.json:
            self.json.write_text(json.dumps(as_document(result.facts, result.sections), indent=2, default=str) + "\n")

    def write(self, result: Result) -> None:
        """The tables into a page, with a plot beside it and the costs for the model."""
        if self.readme and result.ratios:
            write_into(self.readme, summary(result.facts, result.ratios))
        if not self.doc:
            return
        if result.picture:
            self.doc.with_name(PLOT).write_text(result.picture)
        write_into(self.doc, report(result.facts, result.sections, picture=result.picture and PLOT, level=3))
        if result.costs:
            MEASURED.write_text(json.dumps(result.costs.as_document(), indent=2, default=str) + "\n")


@click.command()
@click.option("--schemas", type=click.IntRange(1), help="Tenants per fleet.  [default: 500]")
@click.option("--rounds", type=click.IntRange(1), help="How often each work is measured.  [default: 5]")
@click.option("--peer-rounds", type=click.IntRange(1), help="In how many of them other tools run.  [default: 2]")
@click.option("--lanes", type=click.IntRange(1), help="Connections, instead of the number found to be fastest.")
@click.option(
    "--only", multiple=True, help="Works and lanes, with commas: a,b,c,f,idle,d,e,g,watching,costs,limit,ours,..."
)
@click.option(
    "--large", is_flag=True, help="The slope also at 5,000 and 10,000 tenants; takes hours and some gigabytes."
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write everything, down to the single sample.")
@click.option("--doc", type=click.Path(path_type=Path, exists=True), help="Write the tables into this document.")
@click.option("--readme", type=click.Path(path_type=Path, exists=True), help="Write the ratios alone into this one.")
@click.option("--smoke", is_flag=True, help="Only check that all lanes do the same work: small, quick, no claims.")
def main(
    schemas: int | None,
    rounds: int | None,
    peer_rounds: int | None,
    lanes: int | None,
    only: tuple[str, ...],
    large: bool,
    file: Path | None,
    doc: Path | None,
    readme: Path | None,
    smoke: bool,
) -> None:
    """Compare us with other tools and with the bare driver on embedded services."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a termination cleans up like a Ctrl-C
    scale = SMOKE if smoke else Scale()
    scale = scale.with_large() if large else scale
    scale = scale.with_(schemas=schemas, rounds=rounds, peer_rounds=peer_rounds)
    try:
        choice = Choice.of(only)
        files = Files(file, doc, readme)
        result = Programme(scale, choice, lanes or (2 if smoke else None), _say, files.keep).run()
        files.write(result)
    except (NoSuchChoice, NoPlace, WorkDiffers, WorkersFailed) as error:
        raise click.ClickException(str(error)) from None
    click.echo(report(result.facts, result.sections))
    click.echo(f"\nAll lanes did the same work.{' Too little to read anything into the times.' if smoke else ''}")


def _say(progress: str) -> None:
    click.echo(progress, err=True)


if __name__ == "__main__":
    main()
