"""Changes that every answering command takes: scenarios, numbers, evidence, forms, gears."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli import terminal
from tenfold.cli.fit import about_run

if TYPE_CHECKING:
    from tenfold.runs.store import Run
    from tenfold.scenarios.gears import Answering, Depends
    from tenfold.scenarios.said import Said

Texts = list[str] | None
OPTIONS: dict[str, tuple[str, str]] = {
    "scenarios": ("--scenario", "Named scenario, or a file of your own; repeatable."),
    "sets": ("--set", "NAME=VALUE or NAME=p05,p50,p95: a number, a constant, a prior; repeatable."),
    "drops": ("--drop", "Leave out evidence: KEY=PATTERN, such as source=tan2025; repeatable."),
    "onlys": ("--only", "Keep only this evidence: KEY=PATTERN; repeatable."),
    "forms": ("--form", "Curve form; repeatable."),
}
GEAR = "Gear to take: propagate, block, reweight, refit or rebuild; by default the cheapest."


def changeable[**P](command: Callable[P, None]) -> Callable[..., None]:
    """A command whose argument `said` becomes the options that change things."""
    stated = {name: kind for name, kind in command.__annotations__.items() if name != "said"}
    command.__annotations__ = stated  # what it is called with is not known before it is needed
    own = inspect.signature(command, eval_str=True)
    given = [parameter for parameter in own.parameters.values() if parameter.name != "said"]
    added: list[tuple[str, Any]] = [
        (name, Annotated[Texts, typer.Option(option, help=text)])
        for name, (option, text) in OPTIONS.items()
    ]
    added.append(("gear", Annotated[str | None, typer.Option(help=GEAR)]))
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in added
    ]

    @functools.wraps(command)
    def changed(**arguments: Any) -> None:
        from tenfold.scenarios.said import Said

        texts = {name: tuple(arguments.pop(name) or ()) for name in OPTIONS}
        said = Said(**texts, gear=arguments.pop("gear"))
        whole: Any = command
        whole(said=said, **arguments)

    signature: Any = changed
    signature.__signature__ = own.replace(parameters=[*given, *options])
    signature.__annotations__ = {p.name: p.annotation for p in (*given, *options)}
    return changed


def answering(
    said: Said | str,
    runs: Path,
    run: Path | None,
    benchmark: str | None = None,
    depends: Depends | None = None,
) -> tuple[Answering, dict[str, Any]]:
    """What answers, and which run it is; what makes it doubtful is warned of.

    Args:
        said: changes, or the name of a scenario.
    """
    from tenfold.answers import places
    from tenfold.scenarios.said import Said

    said = Said((said,)) if isinstance(said, str) else said
    base = start(said, runs, run)
    places.check(benchmark, base.info["benchmarks"])
    from tenfold.scenarios import answering as whole  # after what can be refused at once

    found = whole.answering(said, base, runs, depends, terminal.warn)
    about = about_run(found.run) | {"constants_as_of": str(found.constants.as_of)}
    if said.changes or found.run is not base or said.one != base.info["scenario"]:
        about = about | {"scenario": str(said), "what_if": found.about()}
    return found, about


def start(said: Said, runs: Path, run: Path | None) -> Run:
    """The stored run from which an answer sets out.

    That of the scenario where only one is named and it was fitted; else the base's.
    """
    from tenfold.editions import shelf
    from tenfold.posterior.scenario import load_scenario
    from tenfold.runs import store

    if said.one is not None and run is None:
        load_scenario(said.one)  # a name that there is not, rather than a run that there is not
    if said.one is not None and (run or store.pointer_of(runs, said.one).is_file()):
        return shelf.speaking(runs, said.one, run)
    return shelf.speaking(runs, store.BASE, run)


def tell(answer: dict[str, Any]) -> None:
    """Prints what was changed and by which gear, where anything was."""
    if "what_if" in answer:
        from tenfold.words import scenarios

        terminal.print_lines(scenarios.gear_lines(answer["scenario"], answer["what_if"]))
