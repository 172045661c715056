"""Tasks over local processes, each result as it is finished: of sweeps, and of scripts that refit.

A task rests on nothing but itself: neither order nor number of processes changes a result. What is
kept of each result as it comes is not lost with a worker, nor with whoever asked.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from tenfold.files import SpecError

ATTEMPTS = 3
"""Times that processes may die, one after the other, before a task is finished."""

Say = Callable[[str], None]


def finished[Task: Hashable, Found](
    act: Callable[[Task], Found], tasks: Sequence[Task], processes: int,
    say: Say = lambda text: None,
) -> Iterator[tuple[Task, Found]]:  # fmt: skip
    """Every task and what came of it, in the order in which they are finished.

    What a task needs beside itself, such as a compiled density, is best kept in its process: each
    does many tasks.

    Args:
        act: a function of a module, as processes start anew.
        tasks: each once.
        processes: one of them is this process itself.

    Raises:
        SpecError: processes died `ATTEMPTS` times without finishing anything.
    """
    if processes == 1:
        yield from ((task, act(task)) for task in tasks)
        return
    missing, deaths = dict.fromkeys(tasks), 0
    while missing:
        try:
            for task, found in _in_processes(act, list(missing), processes):
                del missing[task]
                deaths = 0
                yield task, found
        except BrokenProcessPool:
            deaths += 1
            if deaths == ATTEMPTS:
                raise SpecError(
                    f"a process died {ATTEMPTS} times (memory?); what is finished is kept: the "
                    "same command goes on from there"
                ) from None
            say("a process died; what it was at is done again")


def _in_processes[Task, Found](
    act: Callable[[Task], Found], tasks: list[Task], number: int
) -> Iterator[tuple[Task, Found]]:
    # a fork would copy threads of libraries in the middle of what they do
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(min(number, len(tasks)), context) as pool:
        waiting: dict[Future[Found], Task] = {}
        rest = iter(tasks)
        for task in itertools.islice(rest, 2 * number):
            waiting[pool.submit(act, task)] = task
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for task in itertools.islice(rest, len(done)):
                waiting[pool.submit(act, task)] = task
            yield from ((waiting.pop(future), future.result()) for future in done)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started here leave linear algebra to one thread: the processors are dealt out."""
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
