"""Commands on a stored run: the jump, its cost, and published claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs, Scenario, stored

if TYPE_CHECKING:
    import xarray as xr

    from tenfold.answers.constants import Constants
    from tenfold.answers.question import Question

EXIT_CLAIM = 4

Benchmark = Annotated[
    str | None,
    typer.Option(help='A benchmark, or "new benchmark"; by default the population of them.'),
]
Start = Annotated[
    float | None,
    typer.Option("--from", min=0, max=1, help="Score to start from: follow the curve from there."),
]
Target = Annotated[
    float | None, typer.Option("--to", min=0, max=1, help="Score to reach, instead of a GPT level.")
]
BaselineRun = Annotated[str, typer.Option(help="Training run that is scaled, from constants.toml.")]
Reading = Annotated[
    Literal["rl", "whole"], typer.Option(help="Multiply the RL part of the run, or all of it.")
]
Split = Annotated[
    Literal["flop", "gpu_time"],
    typer.Option(help="Whether the RL share is one of operations or of processor time."),
]
Year = Annotated[
    float | None,
    typer.Option(
        min=2000, max=2200, help="Year of the run, with the hardware and prices of that year."
    ),
]
EnergyShare = Annotated[
    float,
    typer.Option(min=1e-9, max=1, help="Share of world electricity that the run may take."),
]
BudgetShare = Annotated[
    float, typer.Option(min=1e-9, max=1, help="Share of world GDP at which budgets stop growing.")
]
Deployment = Annotated[
    float | None,
    typer.Option(min=1e-6, max=1e9, help="Deployment spending per training spending."),
]


def jump(
    scenario: Scenario = "baseline",
    benchmark: Benchmark = None,
    start: Start = None,
    target: Target = None,
    baseline: BaselineRun = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    year: Year = None,
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
    """
    from tenfold.answers.question import jump_answer
    from tenfold.words import answers

    draws, constants, about = _stored(runs, scenario, run)
    question = _question(benchmark, start, target, baseline, reading, split, year)
    question = replace(question, deployment=deployment)
    answer = jump_answer(draws, constants, question)
    answer = about | answer | {"lines": answers.jump_lines(answer)}
    _print(answer, answers.jump_tables, as_json)


def cost(
    scenario: Scenario = "baseline",
    benchmark: Benchmark = None,
    start: Start = None,
    target: Target = None,
    baseline: BaselineRun = "grok-4",
    reading: Reading = "rl",
    split: Split = "gpu_time",
    year: Year = None,
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
      tenfold cost --baseline deepseek-r1 --year 2030
      tenfold cost --energy-share 0.05
      tenfold cost --json
    """
    from tenfold.answers.question import cost_answer
    from tenfold.words import answers

    draws, constants, about = _stored(runs, scenario, run)
    question = _question(benchmark, start, target, baseline, reading, split, year)
    question = replace(question, energy_share=energy_share, budget_share=budget_share)
    answer = cost_answer(draws, constants, question)
    answer = about | answer | {"lines": answers.cost_lines(answer)}
    _print(answer, answers.cost_tables, as_json)


def claims(
    file: Annotated[
        Path | None, typer.Argument(help="Claims file (TOML); by default the essay's claims.")
    ] = None,
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    arithmetic: Annotated[
        bool, typer.Option("--arithmetic", help="Recompute the arithmetic only; needs no run.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 where a claim is contradicted.")
    ] = False,
    quantities: Annotated[
        bool, typer.Option("--quantities", help="List the quantities that a claim may speak of.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold published sentences against the posterior, arithmetic apart from evidence.

    \b
    Examples:
      tenfold claims
      tenfold claims my-claims.toml --strict
      tenfold claims --arithmetic
      tenfold claims --quantities
    """
    from tenfold.answers.constants import load_constants
    from tenfold.claims.verdicts import check_claims, load_claims
    from tenfold.words.claims import lines, record

    if quantities:
        _print_quantities(as_json)
        return
    loaded = load_claims(file)
    chosen, about = loaded.claim, {}
    draws, constants = None, load_constants()
    if arithmetic:
        chosen = [claim for claim in chosen if claim.kind == "arithmetic"]
    else:
        draws, constants, about = _stored(runs, scenario, run)
    results = check_claims(draws, chosen, constants)
    contradicted = [result.claim.id for result in results if result.contradicted]
    if as_json:
        sources = {name: item.model_dump(mode="json") for name, item in loaded.source.items()}
        records = [record(result) for result in results]
        terminal.print_json(about | {"sources": sources, "claims": records})
    else:
        for result in results:
            terminal.say("\n".join([*lines(result), ""]))
        which = f": {', '.join(contradicted)}" if contradicted else ""
        terminal.say(f"{len(results)} claims, {len(contradicted)} contradicted{which}")
    if strict and contradicted:
        terminal.warn(f"contradicted: {', '.join(contradicted)}")
        raise typer.Exit(EXIT_CLAIM)


def _print_quantities(as_json: bool) -> None:
    from tenfold.answers.quantities import ESTIMANDS, FUNCTIONS, INPUTS

    rows = [
        (name, "estimand", entry.unit, list(entry.given), entry.about)
        for name, entry in ESTIMANDS.items()
    ] + [
        (name, "function", entry.unit, list(entry.inputs), entry.about)
        for name, entry in FUNCTIONS.items()
    ]
    inputs = [
        (name, entry.unit, "yes" if entry.draws else "no", entry.about)
        for name, entry in INPUTS.items()
    ]
    keys = ("name", "kind", "unit", "given", "about")
    input_keys = ("name", "unit", "evidence", "about")
    if as_json:
        terminal.print_json(
            {
                "quantities": [dict(zip(keys, row, strict=True)) for row in rows],
                "inputs": [dict(zip(input_keys, row, strict=True)) for row in inputs],
            }
        )
        return
    terminal.print_table(
        "Quantities", keys, [(*row[:3], ", ".join(row[3]), row[4]) for row in rows]
    )
    terminal.print_table("Inputs of functions", input_keys, inputs)


def _stored(
    runs: Path, scenario: str, run: Path | None
) -> tuple[xr.Dataset, Constants, dict[str, Any]]:
    """Headline draws of the run that answers, its scenario's constants, and which run it is."""
    from tenfold.answers.constants import load_constants
    from tenfold.answers.headline import of_run
    from tenfold.posterior.scenario import load_scenarios

    found, about = stored(runs, scenario, run)
    name, now = about["scenario"], load_scenarios()
    then = found.info["spec"]["constants"]  # where the scenario is no more
    patch = now[name].model_dump()["constants"] if name in now else then
    constants = load_constants().patched(patch, f"scenario.{name}.constants")
    return of_run(found), constants, about


def _question(
    benchmark: str | None,
    start: float | None,
    target: float | None,
    baseline: str,
    reading: Literal["rl", "whole"],
    split: Literal["flop", "gpu_time"],
    year: float | None,
) -> Question:
    from tenfold.answers.question import Question

    return Question(benchmark, start, target, baseline, reading, split, year)


def _print(answer: dict[str, Any], tables: Any, as_json: bool) -> None:
    from tenfold.words.numbers import with_text

    if as_json:
        terminal.print_json(with_text(answer))
        return
    for line in answer["lines"]:
        terminal.say(line)
    for title, columns, rows in tables(answer):
        terminal.print_table(title, columns, rows)
