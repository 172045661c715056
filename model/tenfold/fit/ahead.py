"""Sampling in the background: the next form is drawn while the last one is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import xarray as xr

from tenfold.fit import draws
from tenfold.posterior.plan import Plan
from tenfold.sampler import sample

Say = Callable[[str], None]


@contextmanager
def sampled(
    plan: Plan, jobs: Sequence[draws.Job], timings: dict[str, float], say: Say
) -> Iterator[Iterator[tuple[draws.Job, xr.DataTree]]]:
    """Jobs with their draws, in order.

    The caller's thread only waits, so that it can be interrupted; whatever ends the block early
    also ends the sampling.

    Args:
        timings: gets the seconds of each job.
    """
    stop = Event()
    pool = ThreadPoolExecutor(1)

    def compiled() -> sample.Compiled:
        found = sample.compile_plan(plan)
        timings["compile"] = found.seconds
        return found

    def one(job: draws.Job) -> xr.DataTree:
        say(f"sampling: {job}")
        start = time.perf_counter()
        tree = draws.drawn(job, ready.result(), stop)
        timings[f"sample {job}"] = time.perf_counter() - start
        return tree

    sizes = plan.points.sizes
    say(f"compiling the model: {sizes['series']} series, {sizes['obs']} points")
    ready = pool.submit(compiled)
    waiting = [(job, pool.submit(one, job)) for job in jobs]
    try:
        yield ((job, future.result()) for job, future in _taken(waiting))
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _taken[T](listed: list[T]) -> Iterator[T]:
    """Items in order, each let go of once it is given: draws are large."""
    while listed:
        yield listed.pop(0)
