"""Where an answer may be asked: benchmarks of a run, and places that are none. Imports little."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.files import SpecError, did_you_mean

POPULATION, NEW_BENCHMARK, NEW_MODEL = "population", "new benchmark", "new model"
"""Places that are no benchmark: typical of all, a new one, and a new model on a new one."""
SEVERAL = 4
"""Names that a part of a name may suggest."""


def check(place: str | None, benchmarks: Iterable[str]) -> None:
    """Whether `place` is one of these, or a benchmark of the run; None is the population.

    Raises:
        SpecError: it is neither; with the nearest known name.
    """
    known = [str(name) for name in benchmarks]
    if place not in (None, POPULATION, NEW_BENCHMARK, NEW_MODEL, *known):
        whole = [name for name in known if str(place).casefold() in name.casefold()]
        named = f"; did you mean {' or '.join(map(repr, whole))}?"  # "gpqa" is part of one
        meant = named if 0 < len(whole) <= SEVERAL else did_you_mean(str(place), known)
        raise SpecError(f"unknown benchmark {place!r}{meant}")
