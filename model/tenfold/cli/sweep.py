"""The command that sweeps: many what-ifs at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs
from tenfold.cli.scenarios import AsCsv, Fit
from tenfold.cli.what_if import changeable

if TYPE_CHECKING:
    from tenfold.scenarios.said import Said


@changeable
def sweep(
    said: Said,
    grid: Annotated[
        str, typer.Option(help='"NAME=VALUES; NAME=VALUES", or ranges such as 0.1..10 (--sample).')
    ],
    quantity: Annotated[str, typer.Option(help="Quantities, joined by commas.")] = "rl_jump_ooms",
    sample: Annotated[
        int | None, typer.Option(min=2, help="So many points over ranges, a Latin hypercube.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Local processes; by default one per processor.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler: tcp://HOST:PORT.")
    ] = None,
    fit: Fit = False,
    yes: Annotated[bool, typer.Option("--yes", help="More than 10,000 points are meant.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="SVG", help="Heat map of the first quantity.")
    ] = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
    as_csv: AsCsv = False,
) -> None:
    """Answer every point of a grid, or of a sample over ranges; goes on where it was interrupted.

    Names are those of --set. Points are kept in the folder of runs; results do not depend on the
    number of workers.

    \b
    Examples:
      tenfold sweep --grid "inference_per_training=1,1.2,1.5; baseline.grok-4.rl_share=0.1,1"
      tenfold sweep --grid "exchange_rate=1..3; WE25=3e4..3.2e4" --sample 20 --workers 1 --csv
    """
    from tenfold.cli.what_if import start
    from tenfold.scenarios import sweep as sweeping
    from tenfold.words import scenarios as words

    names, points = (
        sweeping.grid(grid) if sample is None else sweeping.hypercube(grid, sample, seed)
    )
    quantities = tuple(dict.fromkeys(name.strip() for name in quantity.split(",")))
    base = start(said, runs, run)
    folders = (str(base.path.resolve()), str(runs.resolve()))
    wanted = sweeping.Sweep(*folders, said, names, points, quantities, fit)
    sweeping.check(wanted, yes)
    if plot:
        sweeping.axes(wanted, (), quantities[0])
    rows = sweeping.run(wanted, workers, scheduler, terminal.warn)
    if plot:
        from tenfold.report import sweep_figure

        sweep_figure.write(sweeping.axes(wanted, rows, quantities[0]), plot)
    records = sweeping.records(wanted, rows)
    if as_json:
        keys = records[0]
        listed = [dict(zip(keys, row, strict=True)) for row in records[1:]]
        terminal.print_json({"run": base.path.name, "rows": listed})
    elif as_csv:
        terminal.print_csv(records)
    else:
        terminal.print_table(*words.sweep(records, len(names)))
