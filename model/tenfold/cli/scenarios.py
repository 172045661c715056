"""Commands on scenarios: the table of those that ship, and files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import RunFolder, Runs

if TYPE_CHECKING:
    from tenfold.runs.store import Run

AsCsv = Annotated[bool, typer.Option("--csv", help="Print the numbers as CSV.")]

scenarios_app = typer.Typer(
    no_args_is_help=False, invoke_without_command=True, rich_markup_mode=None
)


@scenarios_app.callback()
def table(
    ctx: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="This scenario beside the base; repeatable.")
    ] = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Fit those that need it (about a minute each); they stay.")
    ] = False,
    pool: Annotated[
        str | None,
        typer.Option(metavar="A:WEIGHT,B:WEIGHT", help="These side by side, and pooled."),
    ] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
    as_csv: AsCsv = False,
) -> None:
    """What moves the answer: every shipped scenario beside the base, each by its cheapest gear.

    Rows are kept in the folder of runs; what rests on something that changed is computed again.

    \b
    Examples:
      tenfold scenarios
      tenfold scenarios --only no-thinking-shift --json
      tenfold scenarios --fit --only no-thinking-shift
      tenfold scenarios --pool jones:0.6,baseline:0.4
    """
    if ctx.invoked_subcommand:
        return
    if pool:
        _pool(pool, runs, as_json)
        return
    from tenfold.editions import shelf
    from tenfold.scenarios import table as rows
    from tenfold.words import scenarios as words

    run = shelf.speaking(runs)
    found = rows.rows(run, runs, tuple(only or ()), fit, terminal.warn)
    if as_json:
        terminal.print_json({"run": run.path.name, "scenarios": found})
    elif as_csv:
        terminal.print_csv(words.records(found))
    else:
        terminal.print_table(*words.table(found))
        if any(row["status"] == "not fitted" for row in found.values()):
            terminal.print_lines(["`tenfold scenarios --fit` fits those that are not fitted."])


def _pool(shares: str, runs: Path, as_json: bool) -> None:
    """Forecasters' scenarios side by side, and pooled with stated weights."""
    from tenfold.editions import shelf
    from tenfold.scenarios import pool as pooling
    from tenfold.words import scenarios as words

    weights = pooling.weights(shares)
    found = pooling.pooled(shelf.speaking(runs), runs, weights, say=terminal.warn)
    if as_json:
        gears = found.pop("")
        terminal.print_json({"weights": weights, "gears": gears, "quantities": found})
        return
    terminal.print_table(*words.pool(found, weights))


@scenarios_app.command("list")
def listing(as_json: Json = False) -> None:
    """List the shipped scenarios with their reasons; computes nothing.

    \b
    Examples:
      tenfold scenarios list
    """
    from tenfold.posterior.scenario import load_scenarios

    known = load_scenarios()
    if as_json:
        listed = {name: item.model_dump(mode="json") for name, item in known.items()}
        terminal.print_json({"scenarios": listed})
        return
    rows = [(name, item.extends or "", item.reason) for name, item in known.items()]
    terminal.print_table(f"{len(rows)} scenarios", ("scenario", "extends", "reason"), rows)


@scenarios_app.command()
def new(file: Annotated[Path, typer.Argument(help="The file to write (TOML).")]) -> None:
    """Write a commented file of a scenario of your own, which runs as it is.

    \b
    Examples:
      tenfold scenarios new what-if.toml
    """
    from tenfold.scenarios import own

    own.new(file)
    terminal.say(f"wrote {file}; `tenfold jump --scenario {file}` answers")


@scenarios_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A file of scenarios (TOML).")],
    as_json: Json = False,
) -> None:
    """Name every mistake of a file of scenarios in one pass; else what each changes, and its gear.

    \b
    Examples:
      tenfold scenarios check my-scenarios.toml
    """
    from tenfold.scenarios import own
    from tenfold.words import scenarios as words

    found = own.check(file)
    if as_json:
        listed = {
            name: {"gear": one.changes.gear, "changes": dict(one.changes.gears)}
            for name, one in found.items()
        }
        terminal.print_json({"scenarios": listed})
        return
    terminal.print_table(*words.checked(str(file), found))


def _keep(run: Run, runs: Path, kind: str, found: dict[str, Any]) -> None:
    """Keep what was found for the report; an answer is told even where that cannot be."""
    from tenfold.files import SpecError
    from tenfold.scenarios import explored

    try:
        explored.keep(run, runs, kind, found)
    except SpecError as error:
        terminal.warn(f"not kept for the report: {error}")


Fit = Annotated[
    bool, typer.Option("--fit", help="Fit where weights are not good enough; answers are kept.")
]


def influence(
    quantity: Annotated[str, typer.Argument(help="A quantity.")] = "rl_jump_ooms",
    by: Annotated[str, typer.Option(help="publication, source, benchmark or model.")] = (
        "publication"
    ),
    fit: Fit = False,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
    as_csv: AsCsv = False,
) -> None:
    """Which evidence moves the answer: each publication left out in turn, ranked.

    Stored draws are weighed where that is good enough, else it takes a fit (`--fit`).

    \b
    Examples:
      tenfold influence
      tenfold influence exchange_rate --by benchmark --json
    """
    from tenfold.editions import shelf
    from tenfold.scenarios import influence as evidence
    from tenfold.words import scenarios as words

    start = shelf.speaking(runs, run=run)
    found = evidence.influence(start, runs, by, quantity, fit, terminal.warn)
    _keep(start, runs, "influence", found)
    if as_json:
        terminal.print_json(found)
    elif as_csv:
        terminal.print_csv(words.influence_records(found))
    else:
        terminal.print_table(*words.influence(found))
        lines = words.influence_lines(found)
        if any(row["status"] == "not fitted" for row in found["rows"]):
            lines.append("`--fit` fits those that are not fitted, a minute or so each.")
        terminal.print_lines(lines)


def tornado(
    quantity: Annotated[str, typer.Argument(help="A quantity.")] = "rl_jump_ooms",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="constant, estimate, form, prior or data; repeatable; all by default."),
    ] = None,
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
    as_csv: AsCsv = False,
) -> None:
    """What each input does to an answer, at its 5% and 95%; and what its spread comes from.

    \b
    Examples:
      tenfold tornado years_of_world_electricity --kind constant --kind estimate
      tenfold tornado exchange_rate --kind form --json
    """
    from tenfold.editions import shelf
    from tenfold.scenarios import tornado as inputs
    from tenfold.words import scenarios as words

    kinds = inputs.checked(tuple(kind or inputs.KINDS))
    start = shelf.speaking(runs, run=run)
    found = inputs.tornado(start, runs, quantity, None, kinds)
    if kinds == inputs.KINDS:
        _keep(start, runs, "tornado", found)
    if as_json:
        terminal.print_json(found)
    elif as_csv:
        terminal.print_csv(words.tornado_records(found))
    else:
        for title, columns, rows in words.tornado(found):
            terminal.print_table(title, columns, rows)
        if found["not_tried"]:
            terminal.print_lines(
                [f"not tried, for they need a fit: {', '.join(found['not_tried'])}"]
            )


def next_studies(
    quantity: Annotated[str, typer.Argument(help="A quantity.")] = "exchange_rate",
    runs: Runs = Path("runs"),
    run: RunFolder = None,
    as_json: Json = False,
) -> None:
    """What would narrow an answer most: studies that could be made, by what each would tell.

    \b
    Examples:
      tenfold next
      tenfold next rl_jump_ooms --json
    """
    from tenfold.answers.question import Asked, Question
    from tenfold.editions import shelf
    from tenfold.scenarios.answering import answering
    from tenfold.scenarios.information import ranked
    from tenfold.scenarios.said import Said
    from tenfold.words import scenarios as words

    start = shelf.speaking(runs, run=run)
    base = answering(Said(), start, runs)
    found = ranked(Asked(base.draws, base.constants, Question()), quantity)
    _keep(start, runs, "next", found)
    lines = words.next_lines(found)
    if as_json:
        terminal.print_json(found | {"lines": lines})
    else:
        terminal.print_lines(lines)
