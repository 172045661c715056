"""Commands on scenarios: the table of those that ship, and files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli import terminal
from tenfold.cli.evidence import Json
from tenfold.cli.fit import Runs

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
    """
    if ctx.invoked_subcommand:
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
