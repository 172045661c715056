"""Commands on a stored run: the jump, its cost, and published claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenfold.cli import terminal, what_if
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs
from tenfold.cli.what_if import answering, changeable

if TYPE_CHECKING:
    import xarray as xr

    from tenfold.answers.constants import Constants
    from tenfold.answers.question import Question
    from tenfold.scenarios.gears import Answering, Depends
    from tenfold.scenarios.said import Said


def share(text: str | float, least: float = 0.0) -> float:
    """A score or share as people write it, 0.5 or 50%; a default goes through it, too.

    Raises:
        typer.BadParameter: not a number from `least` to 1.
    """
    from tenfold.evidence import numbers

    try:
        found = numbers.read(str(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}") from None
    value = found.value / 100 if found.percent else found.value
    if not least <= value <= 1:
        low = "above 0" if least else "0"
        raise typer.BadParameter(f"{text!r}: expected {low} to 1, such as 0.5 or 50%")
    return value


def positive_share(text: str | float) -> float:
    """A share above 0, read as `share` does."""
    return share(text, least=1e-9)


Benchmark = Annotated[
    str | None,
    typer.Option(help='A benchmark, or "new benchmark"; by default the population of them.'),
]
Start = Annotated[
    float | None,
    typer.Option(
        "--from",
        parser=share,
        metavar="SCORE",
        help="Score to start from, such as 0.5 or 50%: follow the curve from there.",
    ),
]
Target = Annotated[
    float | None,
    typer.Option(
        "--to", parser=share, metavar="SCORE", help="Score to reach, instead of a GPT level."
    ),
]
BaselineRun = Annotated[str, typer.Option(help="Training run that is scaled, from constants.toml.")]
Reading = Annotated[
    Literal["rl", "whole"], typer.Option(help="Multiply the RL part of the run, or all of it.")
]
Split = Annotated[
    Literal["flop", "gpu_time"],
    typer.Option(help="Whether the RL share is one of operations or of processor time."),
]
Date = Annotated[
    str | None,
    typer.Option(
        help="Date of the run (2030 or 2030-06-30), with the hardware and prices of that date."
    ),
]
EnergyShare = Annotated[
    float,
    typer.Option(
        parser=positive_share,
        metavar="SHARE",
        help="Share of world electricity that the run may take.",
    ),
]
BudgetShare = Annotated[
    float,
    typer.Option(
        parser=positive_share,
        metavar="SHARE",
        help="Share of world GDP at which budgets stop growing.",
    ),
]
Deployment = Annotated[
    float | None,
    typer.Option(min=1e-6, max=1e9, help="Deployment spending per training spending."),
]


@changeable
def jump(
    said: Said,
    benchmark: Benchmark = None,
    start: Start = None,
    target: Target = None,
    baseline: BaselineRun = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    date: Date = None,
    deployment: Deployment = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """OOMs of RL or of inference for one GPT level, or from one score to another.

    \b
    Examples:
      tenfold jump
      tenfold jump --benchmark "new benchmark"
      tenfold jump --benchmark "AIME 2024" --from 0.2 --to 0.8
      tenfold jump --scenario no-thinking-shift --json
      tenfold jump --set inference_per_training=1,1.2,1.5 --form logistic
    """

    def question() -> Question:
        asked = _question(benchmark, start, target, baseline, reading, split, date)
        return replace(asked, deployment=deployment)

    found, about = answering(said, runs, run, benchmark, _depends(question, "JUMP", "COST"))
    from tenfold.answers.answer import jump_answer
    from tenfold.scenarios import table
    from tenfold.words import answers
    from tenfold.words.fits import basis

    answer = jump_answer(found.draws, found.constants, _under(question(), found))
    if "what_if" not in about and benchmark is None:
        answer["without_shifts"] = table.without_shifts(found.run, found.run.path.parent)
    answer = about | answer | {"lines": [*answers.jump_lines(answer), basis(about)]}
    _print(answer, answers.jump_tables, as_json)


@changeable
def cost(
    said: Said,
    benchmark: Benchmark = None,
    start: Start = None,
    target: Target = None,
    baseline: BaselineRun = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    date: Date = None,
    energy_share: EnergyShare = 0.01,
    budget_share: BudgetShare = 0.01,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """What the jump costs: FLOP, processors, electricity, money, dates, and what drives it.

    \b
    Examples:
      tenfold cost
      tenfold cost --reading whole
      tenfold cost --baseline deepseek-r1 --date 2030
      tenfold cost --energy-share 0.05
      tenfold cost --set baseline.grok-4.rl_share=1
      tenfold cost --json
    """

    def question() -> Question:
        asked = _question(benchmark, start, target, baseline, reading, split, date)
        return replace(asked, energy_share=energy_share, budget_share=budget_share)

    depends = _depends(question, "JUMP", "COST", "TIMING")
    found, about = answering(said, runs, run, benchmark, depends)
    from tenfold.answers.answer import cost_answer
    from tenfold.words import answers
    from tenfold.words.fits import basis

    answer = cost_answer(found.draws, found.constants, _under(question(), found))
    answer = about | answer | {"lines": [*answers.cost_lines(answer), basis(about)]}
    _print(answer, answers.cost_tables, as_json)


@changeable
def quantities(
    said: Said,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """List every quantity that can be asked for, with its present median and interval.

    \b
    Examples:
      tenfold quantities
      tenfold quantities --json
    """
    from tenfold.answers.question import Asked, Question
    from tenfold.answers.registry import listing
    from tenfold.words import answers
    from tenfold.words.fits import basis

    found, about = answering(said, runs, run)
    listed = listing(Asked(found.draws, found.constants, _under(Question(), found)))
    if as_json:
        terminal.print_json(about | {"quantities": listed})
        return
    what_if.tell(about)
    terminal.print_table(*answers.quantity_table(listed))
    terminal.print_lines([basis(about)])


def stored_draws(
    runs: Path, said: Said | str, run: Path | None
) -> tuple[xr.Dataset, Constants, dict[str, Any]]:
    """Headline draws of what answers, its constants, and which run it is."""
    found, about = answering(said, runs, run)
    return found.draws, found.constants, about


def _depends(question: Callable[[], Question], *tables: str) -> Depends:
    """What lists of quantities of `answers.answer` depend on: those that the run tells."""

    def draws_of(draws: Any, constants: Any) -> dict[str, Any]:
        from tenfold.answers import answer
        from tenfold.answers.question import Asked
        from tenfold.answers.registry import named

        asked = Asked(draws, constants, question())
        names = [name for table in tables for name in getattr(answer, table)]
        found = {name: named(name).compute(asked) for name in names}
        return {name: values for name, values in found.items() if values is not None}

    return draws_of


def _under(question: Question, found: Answering) -> Question:
    """The question with the arguments of a scenario, where it states no others."""
    from tenfold.answers.question import under

    return under(question, found.question)


def _question(
    benchmark: str | None,
    start: float | None,
    target: float | None,
    baseline: str,
    reading: Literal["rl", "whole"],
    split: Literal["flop", "gpu_time"],
    date: str | None,
) -> Question:
    from tenfold.answers.question import Question, decimal_year

    return Question(
        benchmark=benchmark,
        start=start,
        target=target,
        baseline=baseline,
        reading=reading,
        split=split,
        date=None if date is None else decimal_year(date),
    )


def _print(answer: dict[str, Any], tables: Any, as_json: bool) -> None:
    from tenfold.words.numbers import with_text

    if as_json:
        terminal.print_json(with_text(answer))
        return
    what_if.tell(answer)
    terminal.print_lines(answer["lines"])
    for title, columns, rows in tables(answer):
        terminal.print_table(title, columns, rows)
