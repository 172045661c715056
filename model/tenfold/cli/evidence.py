"""Commands on evidence: list, trace, check, import and digitise points."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from tenfold.cli import terminal

EXIT_BAD_INPUT = 2

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
PointsFolder = Annotated[
    list[Path] | None,
    typer.Option(
        "--points",
        metavar="DIR",
        help="Folder with evidence of your own, read beside the shipped one; may be repeated.",
    ),
]

points_app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


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
    from tenfold.evidence import inventory
    from tenfold.evidence.dataset import load
    from tenfold.words import evidence as words

    data = load(extra=points or [])
    counts = inventory.counts(data)
    if as_json:
        terminal.print_json(counts)
        return
    rows = inventory.table(data)
    for regime in ("rl", "inference"):
        own = [row for row in rows if row["regime"] == regime]
        terminal.print_table(*words.inventory(regime, own))
    for series, reason in counts["left_out"].items():
        terminal.print_lines([f"not fitted: {series}: {reason}"], hang="  ")
    terminal.print_lines([words.total(counts)])


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
    from tenfold.evidence import inventory
    from tenfold.evidence.dataset import load
    from tenfold.words import evidence as words

    chain = inventory.chain(load(extra=points or []), series)
    if as_json:
        terminal.print_json(chain)
        return
    about = "{benchmark}, {regime}, compute in {unit}, family {family}, from {publication}".format(
        **chain
    )
    terminal.print_lines([chain["series"], about, ""])
    terminal.print_facts(chain["source_table"])
    terminal.print_table(*words.points(chain["points"]))
    x = [point["log10_compute"] for point in chain["points"]]
    y = [point["score"] for point in chain["points"]]
    terminal.print_plot(x, y, (f"log10 compute ({chain['unit']})", "score"))


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

    from tenfold.files import SpecError

    if not os.path.exists(path):  # unlike Path.exists, false for a name too long
        raise SpecError(f"{path}: cannot be read (No such file or directory)")
    from tenfold.evidence import audit
    from tenfold.words import evidence as words

    report = audit.check(path)
    if as_json:
        terminal.print_json(asdict(report))
    else:
        for line in report.warnings:
            terminal.warn(f"warning: {line}")
        for line in report.errors:
            terminal.warn(f"error: {line}")
        found = words.counted(report.points, len(report.series))
        terminal.say(f"{found}, {len(report.errors)} errors, {len(report.warnings)} warnings")
    if report.errors:
        raise typer.Exit(EXIT_BAD_INPUT)


@points_app.command("import")
def import_(
    path: Annotated[
        Path,
        typer.Argument(
            help="Epoch AI benchmark table (CSV); or JSON of Every Eval Ever (also a folder of "
            "records, HAL's among them), ARC Prize, the HAL harness, Inspect or METR."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Evidence folder that the points are added to.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the new points file; by default that of PATH.")
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="Benchmark, where the file does not name a known one.")
    ] = None,
    questions: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000_000,
            help="Questions of the benchmark: gives the sampling error, and divides totals.",
        ),
    ] = None,
    compute: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column of a table with compute per question."),
    ] = None,
    unit: Annotated[
        Literal["tokens", "usd", "gpu_hours", "flop", "relative"] | None,
        typer.Option(help="What the column named with --compute is in."),
    ] = None,
    score: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of a table with the scores.")
    ] = None,
) -> None:
    """Turn evaluation results of others into a points file and a draft of its source.

    A result becomes a point where it carries output tokens or cost per question; what is left out
    is counted. Nothing that exists is replaced, and what is written passes `points check`.

    \b
    Examples:
      tenfold points import gpqa_diamond.csv --out my-evidence --benchmark "GPQA Diamond"
      tenfold points import aider_polyglot_external.csv --out my-evidence --questions 225
      tenfold points import table.csv --out my-evidence --compute "Spend" --unit usd
      tenfold points import records/ --out my-evidence --name lab-runs
    """
    from tenfold.evidence.interchange.common import Options, save
    from tenfold.evidence.interchange.read import read_results
    from tenfold.words import evidence as words

    imported = read_results(path, Options(benchmark, questions, compute, unit, score))
    written = save(imported.points, imported.source, out, name or path.stem)
    for note in imported.notes:
        terminal.warn(f"note: {note}")
    series = len(set(imported.points["series"]))
    terminal.say(f"{written}: {words.counted(len(imported.points), series)}")


def digitise(
    chart: Annotated[
        Path,
        typer.Argument(help="WebPlotDigitizer project (JSON or .tar), or an image of a chart."),
    ],
    axes: Annotated[
        Path | None,
        typer.Option(help="AXES.toml: calibration, labels, colours; required for an image."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Points file to write; by default CHART.csv here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read points with standard errors off a chart, and write them as a points file.

    The error that all points of a chart share is reported apart: it belongs into
    `log10_axis_scale_se` of the chart's source. A project of several charts is therefore written
    as one file per chart, OUT-AXES.csv. An image also gets an overlay to check by eye.

    \b
    Examples:
      tenfold digitise chart.json
      tenfold digitise chart.json --axes axes.toml --out my-evidence/points/chart.csv
      tenfold digitise chart.png --axes axes.toml
    """
    from tenfold.evidence.digitise import digitise_chart
    from tenfold.files import write_atomic
    from tenfold.inert import table
    from tenfold.words import evidence as words

    found = digitise_chart(chart, axes)
    target = out or Path(f"{chart.stem}.csv")
    files = found.files(target)
    for path, points in files.items():
        write_atomic(path, table(points).to_csv(index=False, lineterminator="\n"))
    overlay = target.with_suffix(".overlay.png")
    if found.overlay is not None:
        found.overlay.save(overlay)
    shared = found.charts.to_dict("records")
    if as_json:
        written = [{"file": str(path), "points": len(points)} for path, points in files.items()]
        charts = [row | file for row, file in zip(shared, written, strict=True)]
        one = {"file": str(target)} if len(files) == 1 else {}
        terminal.print_json({"points": len(found.points)} | one | {"charts": charts})
    for note in found.notes:
        terminal.warn(f"note: {note}")
    if as_json:
        return
    terminal.print_table(*words.shared_error(shared))
    for path, points in files.items():
        terminal.say(f"{path}: {len(points)} points")
    if found.overlay is not None:
        terminal.say(f"{overlay}: the points found, drawn over the chart")
