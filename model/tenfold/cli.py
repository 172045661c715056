"""The command line, in workflow order: evidence, fit, jump, claims, report.

Thin: a command parses, calls one function of the library and prints. Whatever is heavy is imported
inside the command. Exit codes: 0 fine, 1 unexpected error, 2 bad input, 3 a gate failed, 4
`claims --strict` found a contradicted claim.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from pathlib import Path
from typing import Annotated

import typer

from tenfold import __version__, terminal

EXIT_UNEXPECTED, EXIT_BAD_INPUT, EXIT_GATE, EXIT_CLAIM = 1, 2, 3, 4

SETTINGS = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
}
app = typer.Typer(name="tenfold", no_args_is_help=True, add_completion=False, **SETTINGS)
points_app = typer.Typer(**SETTINGS)
app.add_typer(points_app, name="points")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
PointsFolder = Annotated[
    list[Path] | None,
    typer.Option(
        "--points",
        metavar="DIR",
        help="Folder with evidence of your own, read beside the shipped one; may be repeated.",
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        terminal.say(f"tenfold {__version__}")
        raise typer.Exit


@app.callback()
def tenfold(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")
    ] = False,
) -> None:
    """How many tenfolds of compute a capability jump takes, as a posterior distribution.

    Commands are in workflow order. Every number that a command prints comes with its
    uncertainty; `--json` prints the same for programs.
    """


@points_app.callback(invoke_without_command=True)
def points(context: typer.Context, points: PointsFolder = None, as_json: Json = False) -> None:
    """List the evidence: every series by regime and benchmark.

    \b
    Examples:
      tenfold points
      tenfold points --points my-evidence
      tenfold points --json
      tenfold points show "o1/AIME 2024/training compute"
      tenfold points check my-evidence/points/mine.csv
    """
    if context.invoked_subcommand is not None:
        return
    from tenfold import inventory
    from tenfold.points import load

    data = load(extra=points or [])
    counts = inventory.counts(data)
    if as_json:
        terminal.print_json(counts)
        return
    rows = inventory.table(data)
    for regime in ("rl", "inference"):
        own = [row for row in rows if row["regime"] == regime]
        terminal.print_table(
            f"{regime}: {len(own)} series",
            ("series", "benchmark", "unit", "points", "OOMs", "score", "source"),
            (
                (
                    row["series"],
                    row["benchmark"],
                    row["unit"],
                    row["points"],
                    f"{row['ooms']:.1f}",
                    "{:.0%} to {:.0%}".format(*row["score"]),
                    row["source"],
                )
                for row in own
            ),
        )
    for series, reason in counts["left_out"].items():
        terminal.say(f"not fitted: {series}: {reason}")
    fitted = counts["fitted"]
    terminal.say(
        f"{counts['points']:,} points in {counts['series']} series; "
        f"{fitted['points']:,} points in {fitted['series']} series can be fitted"
    )


@points_app.command()
def show(
    series: Annotated[str, typer.Argument(help="Name of a series, as listed by `points`.")],
    points: PointsFolder = None,
    as_json: Json = False,
) -> None:
    """Walk back from a series to its points, source, figure, pixels and calibration.

    \b
    Examples:
      tenfold points show "o1/AIME 2024/training compute"
      tenfold points show "o1/AIME 2024/training compute" --json
    """
    from tenfold import inventory
    from tenfold.points import load

    chain = inventory.chain(load(extra=points or []), series)
    if as_json:
        terminal.print_json(chain)
        return
    about = "{benchmark}, {regime}, compute in {unit}, family {family}".format(**chain)
    terminal.say(f"{chain['series']}\n{about}\n")
    for key, value in chain["source_table"].items():
        terminal.say(f"{key:>20}  {value}")
    columns = ("row", "model", "setting", "compute", "± log10", "score", "±", "pixel", "flag")
    terminal.print_table(
        f"{len(chain['points'])} points",
        columns,
        (
            (
                point["row"],
                point["model"],
                point["setting"],
                f"{point['compute']:.4g}",
                f"{point['log10_compute_se']:.3f}",
                f"{point['score']:.3f}",
                f"{point['score_se']:.3f}",
                ""
                if point["pixel_x"] is None
                else f"{point['pixel_x']:.1f}, {point['pixel_y']:.1f}",
                point["reason"] if point["outlier"] else "",
            )
            for point in chain["points"]
        ),
    )
    x = [point["log10_compute"] for point in chain["points"]]
    y = [point["score"] for point in chain["points"]]
    terminal.say(terminal.plot(x, y, (f"log10 compute ({chain['unit']})", "score")))


@points_app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A points file (CSV), or a folder of them.")],
    as_json: Json = False,
) -> None:
    """Hold a points file against the rules and the shipped evidence; exits with 2 on an error.

    \b
    Examples:
      tenfold points check my-evidence/points/mine.csv
      tenfold points check my-evidence --json
    """
    from dataclasses import asdict

    from tenfold import audit
    from tenfold.spec import SpecError

    if not path.exists():
        raise SpecError(f"{path}: cannot be read (No such file or directory)")
    report = audit.check(path)
    if as_json:
        terminal.print_json(asdict(report))
    else:
        for line in report.warnings:
            terminal.warn(f"warning: {line}")
        for line in report.errors:
            terminal.warn(f"error: {line}")
        found = f"{report.points:,} points in {len(report.series)} series"
        terminal.say(f"{found}, {len(report.errors)} errors, {len(report.warnings)} warnings")
    if report.errors:
        raise typer.Exit(EXIT_BAD_INPUT)


def main() -> int:
    """Entry point of the `tenfold` script: runs a command and returns its exit status."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            app(prog_name="tenfold")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the last resort: one line, or all of it
        from tenfold.spec import SpecError

        if isinstance(error, SpecError):
            terminal.warn(f"error: {error}")
            return EXIT_BAD_INPUT
        if "--debug" in sys.argv:
            traceback.print_exc()
        terminal.warn(f"unexpected error: {type(error).__name__}: {error} (--debug shows more)")
        return EXIT_UNEXPECTED
    return 0


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    terminal.warn(f"warning: {message}")
