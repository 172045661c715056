"""The command that writes answers for other programs and for forecasting sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenfold.cli import terminal
from tenfold.cli.answers import stored_draws
from tenfold.cli.ask import Given, asked_of
from tenfold.cli.fit import Runs, Scenario, stored

if TYPE_CHECKING:
    from tenfold.answers.question import Asked

Format = Literal["csv", "json", "samples", "metaculus", "hubverse", "squiggle", "vega-lite", "wpd"]
SINGLE = ("metaculus", "squiggle", "vega-lite")
"""Formats of one quantity; the others hold all of them unless some are named."""
CONDITIONAL = ("metaculus", "vega-lite")
JUMP = "rl_jump_ooms"
FAR = 0.005
"""Difference of two distribution functions that is told."""

RunArgument = Annotated[Path | None, typer.Argument(help="Run's folder; by default what answers.")]
Named = Annotated[
    list[str] | None,
    typer.Option(help='As "rl_jump_ooms(start=0.2)"; repeatable. By default all of them.'),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Samples: .csv, .nc or .zarr. By default the terminal."),
]
Draws = Annotated[int, typer.Option(min=100, help="Draws in samples as CSV, and in squiggle.")]
Low = Annotated[str | None, typer.Option(help='metaculus: lower bound, as "1e25 FLOP".')]
High = Annotated[str | None, typer.Option(help="metaculus: upper bound.")]
OpenLow = Annotated[
    bool, typer.Option("--open-low/--closed-low", help="metaculus: may it lie below?")
]
OpenHigh = Annotated[
    bool, typer.Option("--open-high/--closed-high", help="metaculus: may it lie above?")
]
Log = Annotated[
    bool | None, typer.Option("--log/--linear", help="metaculus: scaling of the range.")
]
Source = Annotated[str | None, typer.Option(help="wpd: source of the points.")]

Quantities = dict[str, "Asked"]
"""What was asked for, as it was written, and the question that it puts."""


def export(
    run: RunArgument = None,
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = "csv",
    quantity: Named = None,
    out: Out = None,
    draws: Draws = 2000,
    low: Low = None,
    high: High = None,
    open_low: OpenLow = True,
    open_high: OpenHigh = True,
    log: Log = None,
    source: Source = None,
    given: Given = None,
    scenario: Scenario = "baseline",
    runs: Runs = Path("runs"),
) -> None:
    """Write what a run says for other programs: tables, draws, forecasting sites, charts.

    csv, json and hubverse hold quantiles; samples joint draws; metaculus the 201 points of a
    distribution function; squiggle code; vega-lite a chart; wpd points of a source for
    WebPlotDigitizer.

    \b
    Examples:
      tenfold export --format json --out answers.json
      tenfold export --format samples --out draws.nc
      tenfold export --format metaculus --quantity rl_jump_ooms --low 0 --high 15
      tenfold export --format squiggle --quantity "training_cost(baseline=gpt-5)"
      tenfold export --format vega-lite --quantity first_year --out year.json
      tenfold export --format wpd --source o1_test --out o1.json
    """
    from tenfold.answers.conditions import called, conditions
    from tenfold.files import SpecError

    named = {text: called(text) for text in quantity or ()}
    if form in SINGLE and len(named) != 1:
        raise SpecError(f"--format {form} is of one quantity; expected one --quantity NAME")
    if given and form not in CONDITIONAL:
        raise SpecError(f"--given: --format {form} has no conditions; {CONDITIONAL} have")
    if form == "wpd":
        if source is None:
            raise SpecError("--format wpd: expected --source NAME, as `tenfold points` lists them")
        from tenfold.export import wpd

        _put(wpd.project(stored(runs, scenario, run)[0].points, source), out)
        return
    if given:
        conditions(given)  # what is not understood, before anything heavy is loaded
    found, constants, about = stored_draws(runs, scenario, run)
    asked = {text: asked_of(found, constants, *each) for text, each in named.items()}
    asked = asked or _every(asked_of(found, constants, None, {}))
    if form in SINGLE:
        bounds = (low, high, open_low, open_high, log)
        _put(_single(form, asked, about, given, bounds, draws), out)
    elif form == "samples":
        _samples(asked, out, draws)
    else:
        _put(_table(form, asked, about), out)
    if out is not None:
        _end(asked, given)


def _every(asked: Asked) -> Quantities:
    """All quantities that the run and the baseline tell without an argument."""
    from tenfold.answers.quantiles import told

    return dict.fromkeys(told(asked), asked)


def _table(form: str, asked: Quantities, about: dict[str, Any]) -> str:
    from tenfold.answers.conditions import called
    from tenfold.answers.quantiles import record
    from tenfold.export import tables

    found = {text: record(each, called(text)[0]) for text, each in asked.items()}
    if form == "json":
        return tables.as_json(found, about)
    return tables.as_csv(found) if form == "csv" else tables.as_hubverse(found, about["fitted"])


def _single(
    form: str,
    asked: Quantities,
    about: dict[str, Any],
    given: str | None,
    bounds: tuple[Any, ...],
    draws: int,
) -> str:
    from tenfold.answers import ask
    from tenfold.answers.conditions import called
    from tenfold.answers.quantiles import record
    from tenfold.answers.registry import named
    from tenfold.export import metaculus, samples, squiggle, vega

    ((text, each),) = asked.items()
    name, _ = called(text)
    if form == "squiggle":
        drawn = samples.equally_weighted(samples.labelled({name: (name, each)}), draws)
        return squiggle.code(name, record(each, name), drawn[name])
    sample = ask.sample_of(each, name, given)
    if form == "vega-lite":
        return vega.chart(record(each, name), ask.histogram(sample), ask.cdf(sample))
    entry = named(name)
    found = metaculus.record(entry, sample, metaculus.Range(*bounds))
    if found["largest_difference"] > FAR:
        terminal.warn("the site's limits bend the distribution: `largest_difference` says how far")
    of = {"quantity": name, "title": entry.titled(each), "arguments": entry.stated(each.question)}
    return metaculus.as_json(found, about | of | {"given": given})


def _samples(asked: Quantities, out: Path | None, n: int) -> None:
    from tenfold.answers.conditions import called
    from tenfold.export import samples
    from tenfold.files import SpecError

    if out is not None and out.suffix not in (".csv", ".nc", ".zarr"):
        raise SpecError(f"{out}: expected a name that ends with .csv, .nc or .zarr")
    draws = samples.labelled({text: (called(text)[0], each) for text, each in asked.items()})
    if out is None or out.suffix == ".csv":
        _put(samples.as_csv(draws, n), out)
        return
    samples.write(draws, out)
    terminal.say(f"written: {out}")


def _put(text: str, out: Path | None) -> None:
    from tenfold.files import write_atomic

    if out is None:
        terminal.say(text.rstrip("\n"))
        return
    write_atomic(out, text)
    terminal.say(f"written: {out}")


def _end(asked: Quantities, given: str | None) -> None:
    """The answer that was written in one line (of many the RL jump), and what to do next."""
    import numpy as np

    from tenfold.answers import ask
    from tenfold.answers.conditions import called
    from tenfold.answers.registry import named
    from tenfold.words.answers import written

    text = JUMP if JUMP in asked else next(iter(asked))
    each, entry = asked[text], named(called(text)[0])
    found, errors = ask.sample_of(each, entry.name, given).quantile(np.array([0.05, 0.5, 0.95]))
    row = {"title": entry.titled(each), "unit": entry.unit, "scale": entry.scale}
    for key, value, error in zip(("p05", "p50", "p95"), found, errors, strict=True):
        row |= {key: float(value), f"{key}_mcse": float(error)}
    terminal.print_lines(written(row, text, given, len(asked) - 1))
