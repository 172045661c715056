"""Where an answer may be asked: benchmarks of a run, and places that are none. Imports little."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.files import SpecError, did_you_mean

POPULATION, NEW_BENCHMARK, NEW_MODEL = "population", "new benchmark", "new model"
"""Places that are no benchmark: typical of all, a new one, and a new model on a new one."""


def check(place: str | None, benchmarks: Iterable[str]) -> None:
    """Whether `place` is one of these, or a benchmark of the run; None is the population.

    Raises:
        SpecError: it is neither; with the nearest known name.
    """
    known = [str(name) for name in benchmarks]
    if place not in (None, POPULATION, NEW_BENCHMARK, NEW_MODEL, *known):
        raise SpecError(f"unknown benchmark {place!r}{did_you_mean(str(place), known)}")
