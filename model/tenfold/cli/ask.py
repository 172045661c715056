"""Commands that answer any question of a run: `ask` and `compare`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli import terminal, what_if
from tenfold.cli.answers import Benchmark, Start, Target, positive_share
from tenfold.cli.evidence import Json
from tenfold.cli.fit import EXIT_GATE, RunFolder, Runs, Scenario
from tenfold.cli.what_if import answering, changeable

if TYPE_CHECKING:
    from tenfold.answers.constants import Constants
    from tenfold.answers.question import Asked
    from tenfold.scenarios.gears import Depends
    from tenfold.scenarios.said import Said


Values = list[str] | None
Over = Annotated[Values, typer.Option(help="P(more than this); repeatable.")]
Under = Annotated[Values, typer.Option(help="P(less than this); repeatable.")]
Between = Annotated[tuple[str, str] | None, typer.Option(help="P(from one value to another).")]
By = Annotated[Values, typer.Option(help="P(by the end of this day or year); repeatable.")]
Given = Annotated[
    str | None, typer.Option(help='Only where this holds: "exchange_rate > 2 and ...".')
]
OfRegime = Annotated[str | None, typer.Option(help="rl or inference.")]
Baseline = Annotated[
    str | None, typer.Option(help="Run of constants.toml, or a TOML file of your own.")
]
Reading = Annotated[str | None, typer.Option(help="rl or whole: what is multiplied.")]
Split = Annotated[str | None, typer.Option(help="gpu_time or flop.")]
OnDate = Annotated[str | None, typer.Option(help="2030 or 2030-06-30.")]
Series = Annotated[str | None, typer.Option(help="A fitted series.")]
Other = Annotated[str | None, typer.Option(help="Another, to compare it with.")]
Compute = Annotated[float | None, typer.Option(help="Compute on the series' own axis.")]
Multiplier = Annotated[float | None, typer.Option(help="So many times the compute.")]
Shift = Annotated[str | None, typer.Option(help='A row of shifts.csv, such as "o1 to o3".')]
Technique = Annotated[str | None, typer.Option(help="A row of tradeoff.csv.")]
Volume = Annotated[float | None, typer.Option(help="Tokens served per day.")]
Horizon = Annotated[float | None, typer.Option(help="Years of paying for inference.")]
Deployment = Annotated[float | None, typer.Option(help="Deployment over training spending.")]
EnergyShare = Annotated[
    float | None,
    typer.Option(
        parser=positive_share,
        metavar="SHARE",
        help="Most of world electricity.",
    ),
]
BudgetShare = Annotated[
    float | None,
    typer.Option(
        parser=positive_share,
        metavar="SHARE",
        help="Most of world GDP.",
    ),
]
ChipShare = Annotated[
    float | None,
    typer.Option(
        parser=positive_share,
        metavar="SHARE",
        help="Most of all processors made.",
    ),
]
Cdf = Annotated[Path | None, typer.Option(metavar="CSV", help="Write the distribution function.")]
Plot = Annotated[Path | None, typer.Option(metavar="SVG", help="Draw it.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the numbers as CSV.")]


@changeable
def ask(
    said: Said,
    what: Annotated[str, typer.Argument(help='A quantity, or a question such as "P(a < 2)".')],
    over: Over = None,
    under: Under = None,
    between: Between = None,
    by: By = None,
    given: Given = None,
    benchmark: Benchmark = None,
    regime: OfRegime = None,
    start: Start = None,
    target: Target = None,
    baseline: Baseline = None,
    reading: Reading = None,
    split: Split = None,
    date: OnDate = None,
    series: Series = None,
    other: Other = None,
    compute: Compute = None,
    multiplier: Multiplier = None,
    shift: Shift = None,
    technique: Technique = None,
    volume: Volume = None,
    horizon: Horizon = None,
    deployment: Deployment = None,
    energy_share: EnergyShare = None,
    budget_share: BudgetShare = None,
    chip_share: ChipShare = None,
    cdf: Cdf = None,
    plot: Plot = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
    as_csv: AsCsv = False,
) -> None:
    """Ask for any quantity: its distribution, probabilities, what drives it, what to ask next.

    `tenfold quantities` lists what can be asked for.

    \b
    Examples:
      tenfold ask rl_jump_ooms --over 6
      tenfold ask training_cost --over "1e12 USD" --given "exchange_rate > 1"
      tenfold ask first_year --by 2030-12-31
      tenfold ask score_at --series "o1/AIME 2024/test-time compute" --compute 100 --over 0.8
      tenfold ask frontier_flop --date 2027-06-01 --over "1e28 FLOP"
      tenfold ask "P(first_year < 2031)"
      tenfold ask rl_jump_ooms --cdf jump.csv --plot jump.svg
      tenfold ask rl_jump_ooms --set exchange_rate=1.5,2,3 --set gpt_level_ooms=2
    """
    from tenfold.answers.question import decimal_year

    stated = {
        "benchmark": benchmark, "regime": regime, "start": start, "target": target,
        "baseline": baseline, "reading": reading, "split": split, "volume": volume,
        "date": None if date is None else decimal_year(date), "horizon": horizon,
        "deployment": deployment, "energy_share": energy_share, "budget_share": budget_share,
        "chip_share": chip_share, "series": series, "compute": compute,
        "other": other, "multiplier": multiplier, "shift": shift, "technique": technique,
    }  # fmt: skip
    stated = {key: value for key, value in stated.items() if value is not None}
    wanted = {"over": over, "under": under, "by": by}
    listed = [(name, (text,)) for name, texts in wanted.items() for text in texts or ()]
    listed += [("between", between)] if between else []
    where = (said, runs, run)
    event = what.strip()
    if event.startswith("P(") and event.endswith(")"):
        _event(event[2:-1], given, stated, where, as_json)
    else:
        _quantity(what, listed, given, stated, where, (cdf, plot), as_json, as_csv)


Where = tuple[Any, Path, Path | None]
"""What is changed, folder of runs, and a run's own folder."""


def _event(
    event: str, given: str | None, stated: dict[str, Any], where: Where, as_json: bool
) -> None:
    """Answer a yes-or-no question."""
    from tenfold.answers import ask as asking
    from tenfold.answers.conditions import conditions
    from tenfold.words import ask as words
    from tenfold.words.fits import basis

    for text in filter(None, (event, given)):
        conditions(text)  # what is not understood, before anything heavy is loaded
    texts = [text for text in (event, given) if text]
    found, about = answering(*where, depends=_depends(None, stated, texts))
    asked = asked_of(found.draws, found.constants, None, stated, found.question)
    answer = about | asking.ask_event(asked, event, given)
    _print(answer, [*words.event_lines(answer), basis(about)], as_json)


def _quantity(
    name: str,
    listed: list[tuple[str, tuple[str, ...]]],
    given: str | None,
    stated: dict[str, Any],
    where: Where,
    files: tuple[Path | None, Path | None],
    as_json: bool,
    as_csv: bool,
) -> None:
    """Answer for a quantity, with the probabilities that were asked for."""
    from tenfold.answers import ask as asking
    from tenfold.answers.conditions import conditions, threshold
    from tenfold.answers.registry import named
    from tenfold.words import ask as words
    from tenfold.words.fits import basis

    entry = named(name)
    thresholds = [threshold(entry, relation, *texts) for relation, texts in listed]
    if given:
        conditions(given)
    found, about = answering(*where, depends=_depends(name, stated, [given] if given else []))
    asked = asked_of(found.draws, found.constants, name, stated, found.question)
    answer = about | asking.ask(asked, name, thresholds, given)
    if any(files):
        _distribution(asked, answer, given, *files)
    if as_csv:
        terminal.say(_csv(words.records(answer)))
        return
    _print(words.with_values(answer), [*words.lines(answer), basis(about)], as_json)
    if not as_json:
        for title, columns, rows in words.tables(answer):
            terminal.print_table(title, columns, rows)


def compare(
    first: Annotated[
        str,
        typer.Argument(
            help="A run's folder, an edition or its edition.json, a scenario, or a baseline."
        ),
    ],
    second: Annotated[str, typer.Argument(help="Another.")],
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 3 where they differ: a fit made again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put the headline quantities of two runs, editions, scenarios or baselines side by side.

    They differ where a median or an end of an interval is beyond three Monte Carlo errors. An
    edition of which only its tables are left, or whose edition.json is named, says what it said;
    then the other side answers under its constants.

    \b
    Examples:
      tenfold compare grok-4 gpt-5
      tenfold compare baseline no-thinking-shift
      tenfold compare grok-4 my-run.toml --json
      tenfold compare baseline no-thinking-shift --check
    """
    from tenfold.answers import compare as comparing
    from tenfold.editions import tables
    from tenfold.words import ask as words

    told = [_told(name) for name in (first, second)]
    constants = next((tables.constants_of(each) for each in told if each), None)
    sides, about = [], []
    for name, said in zip((first, second), told, strict=True):
        if said is None:
            asked, of = _side(name, scenario, runs)
            asked = replace(asked, constants=constants, known={}) if constants else asked
            sides.append(comparing.rows(asked))
            about.append(of)
        else:
            sides.append(tables.rows(said))
    rows = comparing.compare(*sides)
    differ = comparing.differences(*about) if len(about) == 2 else []
    if as_json:
        terminal.print_json(
            {"first": first, "second": second, "differences": differ, "quantities": rows}
        )
    else:
        terminal.print_table(*words.compare_table(rows, (first, second)))
        terminal.print_lines([*differ, words.compared(rows)])
    if check and not all(row["alike"] for row in rows):
        raise typer.Exit(EXIT_GATE)


def _told(name: str) -> dict[str, Any] | None:
    """The tables of an edition, where a name of `compare` stands for them."""
    from tenfold.editions import shelf, tables

    if Path(name).name == shelf.TABLES:
        return tables.read(Path(name))
    left = name in shelf.names() and not (shelf.home() / name / "run.json").is_file()
    return tables.of(name) if left else None


def _side(name: str, scenario: str, runs: Path) -> tuple[Asked, dict[str, Any]]:
    """What a name of `compare` stands for, and what describes it."""
    from tenfold.answers.constants import load_constants
    from tenfold.answers.question import Asked, Question, under
    from tenfold.editions import shelf

    known = load_constants().baseline
    if name in known or name.endswith(".toml"):
        found, _ = answering(scenario, runs, None)
        constants, chosen = _own(found.constants, name)
        run = constants.baseline[chosen].model_dump()
        return Asked(found.draws, constants, Question(baseline=chosen)), {"baseline": run}
    places = (Path(name), shelf.home() / name)
    folder = next((place for place in places if (place / "run.json").is_file()), None)
    found, about = answering(scenario if folder else name, runs, folder)
    return Asked(found.draws, found.constants, under(Question(), found.question)), about


def _depends(name: str | None, stated: dict[str, Any], texts: list[str]) -> Depends:
    """What an answer depends on: the quantity, and whether conditions hold."""

    def draws_of(draws: Any, constants: Any) -> dict[str, Any]:
        from tenfold.answers.conditions import conditions, holds
        from tenfold.answers.registry import draws_of as quantity

        asked = asked_of(draws, constants, name, dict(stated))
        found = {text: holds(conditions(text), asked) for text in texts}
        return found | ({} if name is None else {name: quantity(name, asked)})

    return draws_of


def asked_of(
    draws: Any,
    constants: Constants,
    name: str | None,
    stated: dict[str, Any],
    scenario: Mapping[str, Any] | None = None,
) -> Asked:
    """A question put to draws: the arguments of quantity `name`, or any where that is None.

    Args:
        scenario: arguments that hold where nothing else is stated.
    """
    from tenfold.answers.question import Asked, Question, under
    from tenfold.answers.registry import question

    if "baseline" in stated:
        constants, stated["baseline"] = _own(constants, stated["baseline"])
    found = Question(**stated) if name is None else question(name, stated)
    return Asked(draws, constants, under(found, scenario or {}))


def _own(constants: Constants, name: str) -> tuple[Constants, str]:
    """Constants with the baseline that a name or a file stands for."""
    from tenfold.answers.own import with_own

    return with_own(constants, Path(name)) if name.endswith(".toml") else (constants, name)


def _distribution(
    asked: Asked, answer: dict[str, Any], given: str | None, cdf: Path | None, plot: Path | None
) -> None:
    from tenfold.answers import ask as asking
    from tenfold.files import write_atomic
    from tenfold.words.ask import in_unit

    found = asking.cdf(asking.sample_of(asked, answer["quantity"], given))
    if cdf:
        rows = [(in_unit(answer["scale"], x), p) for x, p in found]
        write_atomic(cdf, _csv([(answer["unit"], "probability_at_most"), *rows]) + "\n")
    if plot:
        from tenfold.report import ask_figure

        ask_figure.write(answer, found, plot)


def _csv(rows: list[tuple[Any, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().rstrip("\n")


def _print(answer: dict[str, Any], lines: list[str], as_json: bool) -> None:
    if as_json:
        terminal.print_json(answer | {"lines": lines})
        return
    what_if.tell(answer)
    terminal.print_lines(lines)
