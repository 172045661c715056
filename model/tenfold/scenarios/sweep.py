"""Many what-ifs at once: a grid or a Latin hypercube, over local processes or a Dask cluster.

Every finished point is a line of a file in the folder of runs, written by this process alone, so
that what was interrupted goes on where it was and a worker that dies takes nothing finished along.
A point depends on nothing but itself: neither order nor number of workers changes a result.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.question import Asked, Question, under
from tenfold.files import Mistakes, SpecError, write_atomic
from tenfold.posterior import priors as prior_table
from tenfold.runs import store
from tenfold.scenarios import changes, notes, tables, workers
from tenfold.scenarios.answering import answering
from tenfold.scenarios.gears import NeedsFit
from tenfold.scenarios.said import Said

MOST = 10_000
"""Points above which a sweep has to be asked for twice."""
TIMEOUT = "10s"
"""How long a scheduler may take to answer."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What is to be computed.

    Attributes:
        run: folder of the run of the base.
        runs: folder where refits and finished points are kept.
        base: changes common to all points.
        names: inputs that vary.
        points: their values, as texts of `--set`.
        quantities: names of what is wanted.
        fit: whether a point may be fitted.
    """

    run: str
    runs: str
    base: Said
    names: tuple[str, ...]
    points: tuple[tuple[str, ...], ...]
    quantities: tuple[str, ...]
    fit: bool = False

    @property
    def key(self) -> str:
        """Of everything that a row depends on."""
        info = store.load(Path(self.run)).info
        parts = asdict(self) | {"run": [info["key"], info["created"]], "runs": ""}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def said(self, point: int) -> Said:
        """What is said at a point."""
        sets = (f"{n}={v}" for n, v in zip(self.names, self.points[point], strict=True))
        return Said(
            self.base.scenarios, (*self.base.sets, *sets), self.base.drops, self.base.onlys,
            self.base.forms, self.base.gear,
        )  # fmt: skip


def grid(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Names and points of "a=1,2; b=0.1,0.3": every value of one with every value of the other.

    Raises:
        SpecError: not that.
    """
    entries = _entries(text)
    values = [tuple(part.strip() for part in one.split(",")) for one in entries.values()]
    return tuple(entries), tuple(itertools.product(*values))


def hypercube(text: str, n: int, seed: int) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """`n` points over the ranges of "a=1..2; b=0.1..10", a Latin hypercube.

    Values are even on a logarithmic scale where both ends are above 0, else as they are.

    Raises:
        SpecError: not that.
    """
    entries, mistakes = _entries(text), Mistakes()
    rng = np.random.default_rng(seed)
    columns = []
    for name, one in entries.items():
        with mistakes.gather():
            low, dots, high = one.partition("..")
            ends = [tables.numbers(end, None, f"--grid {name}")[0] for end in (low, high) if end]
            if not dots or len(ends) != 2 or ends[0] >= ends[1]:
                raise SpecError(f"--grid {name}: got {one!r}; expected a range such as 0.1..10")
            u = mixture.stratified(1, n, rng)[0]
            if ends[0] > 0:
                found = np.exp(math.log(ends[0]) + u * math.log(ends[1] / ends[0]))
            else:
                found = ends[0] + u * (ends[1] - ends[0])
            columns.append([str(float(x)) for x in found])
    mistakes.tell()
    return tuple(entries), tuple(zip(*columns, strict=True))


def _entries(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and name and value):
            raise SpecError(f"--grid {part}: expected NAME=VALUES, such as WE25=3e4,3.2e4")
        if name in found:
            raise SpecError(f"--grid {name}: given twice")
        found[name] = value
    if not found:
        raise SpecError("--grid: nothing varies; expected NAME=VALUES; NAME=VALUES")
    return found


def check(sweep: Sweep, sure: bool) -> None:
    """Refuses what cannot be computed, before anything is.

    Raises:
        SpecError: every mistake, a line each.
    """
    if len(sweep.points) > MOST and not sure:
        raise SpecError(
            f"{len(sweep.points):,} points; expected at most {MOST:,}, or --yes to have them all"
        )
    mistakes = Mistakes()
    for name in sweep.quantities:
        with mistakes.gather():
            registry.named(name)
    constants = load_constants()
    priors = prior_table.load() | changes.priors_of(store.load(Path(sweep.run)))
    for place, name in enumerate(sweep.names):
        for value in dict.fromkeys(point[place] for point in sweep.points):
            with mistakes.gather():
                tables.tables((f"{name}={value}",), (), (), (), constants, priors)
    mistakes.tell()


def run(
    sweep: Sweep, processes: int | None = None, scheduler: str | None = None,
    say: workers.Say = lambda text: None,
) -> list[Row]:  # fmt: skip
    """Every point's row, in the order of the points; those that are kept are not computed again.

    Args:
        processes: local ones; as many as there are processors unless given.
        scheduler: address of a Dask scheduler that is used instead.

    Returns:
        Rows of `point`, the inputs by name, `gear`, `pareto_k`, and of each quantity `median`,
        `low`, `high` (5% and 95%; None where a fit is needed that was not wanted).

    Raises:
        SpecError: a dead scheduler, no room; what a point says cannot be.
    """
    path = Path(sweep.runs) / "sweeps" / f"{sweep.key}.jsonl"
    found = _kept(path)
    if len(found) < len(sweep.points):
        with notes.locked(path):  # another sweep of the same points may append meanwhile
            found = _kept(path)  # without lines that were cut off
            write_atomic(path, "".join(map(_line, found.values())))
    left = [point for point in range(len(sweep.points)) if point not in found]
    if found and left:
        say(f"{len(found):,} of {len(sweep.points):,} points are there already")
    for row in _computed(sweep, left, processes, scheduler, say) if left else ():
        found[row["point"]] = row
        with notes.locked(path):
            _append(path, _line(row))
    return [found[point] for point in range(len(sweep.points))]


def row(sweep: Sweep, point: int) -> Row:
    """One point's row, wherever it is computed."""
    base = _run(sweep.run)
    inputs = dict(zip(sweep.names, sweep.points[point], strict=True))
    found: Row = {"point": point, "inputs": inputs, "gear": "not fitted", "pareto_k": None}
    nothing = dict.fromkeys(("median", "low", "high"))
    found["quantities"] = dict.fromkeys(sweep.quantities, nothing)
    try:
        answer = answering(sweep.said(point), base, Path(sweep.runs), fit=sweep.fit)
    except NeedsFit:
        return found
    asked = Asked(answer.draws, answer.constants, under(Question(), answer.question))
    for name in sweep.quantities:
        values = registry.draws_of(name, asked)
        ends = mixture.quantile(values, asked.draws["weight"], [0.5, 0.05, 0.95]).values
        plain = (mixture.plain(value) for value in ends)
        found["quantities"][name] = dict(zip(nothing, plain, strict=True))
    told = answer.about()
    return found | {"gear": told["gear"], "pareto_k": told["pareto_k"]}


def axes(sweep: Sweep, rows: Sequence[Row], quantity: str) -> xr.DataArray:
    """Medians of a quantity over the two inputs of a grid; NaN where they are not known.

    Raises:
        SpecError: not two inputs that vary, or points that are no grid.
    """
    inputs = range(len(sweep.names))
    labels = [list(dict.fromkeys(point[k] for point in sweep.points)) for k in inputs]
    if len(labels) != 2 or len(labels[0]) * len(labels[1]) != len(sweep.points):
        raise SpecError("--plot: expected a grid of two inputs")
    table = np.full((len(labels[0]), len(labels[1])), np.nan)
    for one in rows:
        place = tuple(labels[k].index(v) for k, v in enumerate(one["inputs"].values()))
        value = one["quantities"][quantity]["median"]
        table[place] = np.nan if value is None else float(value)
    coords = {sweep.names[k]: [float(x) for x in labels[k]] for k in inputs}
    entry = registry.named(quantity)
    title = entry.title if isinstance(entry.title, str) else quantity
    attrs = {"title": title, "unit": entry.unit, "scale": entry.scale}
    return xr.DataArray(table, coords, dims=list(sweep.names), attrs=attrs)


@lru_cache(maxsize=1)
def _run(path: str) -> store.Run:
    return store.load(Path(path))


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a") as file:
            file.write(text)
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror or error})") from None


def _line(row: Row) -> str:
    return json.dumps(notes.sealed(row)) + "\n"


def _kept(path: Path) -> dict[int, Row]:
    """Finished points; a line that was cut off or damaged is none."""
    found: dict[int, Row] = {}
    text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
    for line in text.split("\n")[:-1]:
        try:
            one = json.loads(line)
            if notes.whole(one):
                found[one["point"]] = {key: one[key] for key in one if key != "sha256"}
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _computed(
    sweep: Sweep, left: list[int], processes: int | None, scheduler: str | None, say: workers.Say
) -> Iterator[Row]:
    """Rows as they are finished."""
    if scheduler is not None:
        yield from _on_cluster(sweep, left, scheduler)
        return
    number = processes or os.cpu_count() or 1
    yield from (found for _, found in workers.finished(partial(row, sweep), left, number, say))


def _on_cluster(sweep: Sweep, left: list[int], scheduler: str) -> Iterator[Row]:
    try:
        from distributed import as_completed
    except ImportError:
        raise SpecError("--scheduler: needs `pip install tenfold[sweep]`") from None
    with _client(scheduler) as client:
        whole = client.scatter(sweep, broadcast=True)
        futures = [client.submit(row, whole, point, pure=False) for point in left]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except (OSError, ValueError, TimeoutError) as error:
        raise SpecError(
            f"--scheduler {scheduler}: no scheduler answers ({type(error).__name__}); expected an "
            "address such as tcp://127.0.0.1:8786"
        ) from None
    with client:
        yield client


def records(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """One tidy table, a row for each point and quantity, names of columns first."""
    head = (*sweep.names, "quantity", "unit", "scale", "median", "low", "high", "gear", "pareto_k")
    found: list[tuple[Any, ...]] = [head]
    for one in rows:
        for name, values in one["quantities"].items():
            entry = registry.named(name)
            about = (*one["inputs"].values(), name, entry.unit, entry.scale)
            found.append((*about, *values.values(), one["gear"], one["pareto_k"]))
    return found
