"""Commands on unseen series: predict their scores elsewhere, and score such predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs, Scenario, stored

NewPoints = Annotated[
    Path,
    typer.Option("--points", metavar="FILE", help="Points file (CSV) of series that are new."),
]
At = Annotated[
    str,
    typer.Option(
        "--at", metavar="X,X", help="Compute values, in the unit of each series: 1e4,1e5."
    ),
]
Mode = Annotated[
    Literal["thinking", "non-thinking"], typer.Option(help="Mode in which the score is predicted.")
]
Condition = Annotated[
    str,
    typer.Option(help='Points of each series that are given: "lowest", or how many of the lowest.'),
]


def predict(
    points: NewPoints,
    at: At,
    mode: Mode = "thinking",
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """Predict scores of unseen series at other compute values from their points.

    Every row of the file is taken as given. Benchmarks and families that the run does not know are
    drawn from their populations.

    \b
    Examples:
      tenfold predict --points new.csv --at 1e4,1e5
      tenfold predict --points new.csv --at 2000 --mode non-thinking --json
    """
    from tenfold.files import read_text

    read_text(points)  # a file that is none is refused before anything heavy is imported
    from tenfold.unseen import foresight
    from tenfold.words import unseen

    found, about = stored(runs, scenario, run)
    answer = about | foresight.predictions(found, points, foresight.compute_values(at), mode)
    _warn_doubts(answer)
    if as_json:
        terminal.print_json(answer)
        return
    for series in answer["series"]:
        terminal.print_table(*unseen.prediction_table(series))


def score(
    points: NewPoints,
    condition: Condition = "lowest",
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """Score predictions of held-back points against three rivals that know the same.

    Of each series the points of lowest compute are given and the others predicted. Rivals: "alone"
    (no pooling: a bootstrapped curve per series under a weak prior), "essay" (fixed slopes: 1.39
    logits per OOM of inference, 0.69 of RL) and "same" (no change).

    \b
    Examples:
      tenfold score --points held-back.csv
      tenfold score --points held-back.csv --condition 3 --json
    """
    from tenfold.files import read_text

    read_text(points)  # a file that is none is refused before anything heavy is imported
    from tenfold.unseen import foresight
    from tenfold.words import unseen

    found, about = stored(runs, scenario, run)
    answer = about | foresight.scores(found, points, foresight.conditioning(condition))
    answer["lines"] = unseen.score_lines(answer)
    _warn_doubts(answer)
    if as_json:
        terminal.print_json(answer)
        return
    for title, columns, rows in unseen.score_tables(answer):
        terminal.print_table(title, columns, rows)
    terminal.print_lines(answer["lines"])


def _warn_doubts(answer: dict[str, Any]) -> None:
    from tenfold.words.unseen import doubts

    for series in answer["series"]:
        if series["doubtful"]:
            terminal.warn(f"DOUBTFUL: {series['series']}: {'; '.join(doubts(series))}")
