"""Tasks over processes: what is finished is not lost with a process, and not done again."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from tenfold.files import SpecError
from tenfold.scenarios import workers


@pytest.fixture(autouse=True)
def found_by_processes(monkeypatch):
    """Processes start anew, and import this module by its name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[__name__.count(".")])


def squared(folder: Path, task: int) -> int:
    """Notes that it was asked; the process dies at task 2 the first `folder`/deaths times."""
    with (folder / str(task)).open("a") as file:
        file.write(".")
    left = folder / "deaths"
    if task == 2 and left.stat().st_size:
        left.write_text(left.read_text()[1:])
        os.kill(os.getpid(), signal.SIGKILL)
    return task**2


@pytest.mark.parametrize("processes", [1, 2])
def test_every_task_is_done_wherever(tmp_path, processes):
    (tmp_path / "deaths").touch()
    found = dict(workers.finished(partial(squared, tmp_path), range(6), processes))
    assert found == {task: task**2 for task in range(6)}


def test_what_is_finished_outlives_a_process(tmp_path):
    (tmp_path / "deaths").write_text("x")
    told, kept = [], []
    for task, found in workers.finished(partial(squared, tmp_path), range(6), 2, told.append):
        assert found == task**2
        kept.append((task, (tmp_path / str(task)).read_text()))
    assert sorted(task for task, _ in kept) == list(range(6))
    assert len(told) == 1
    assert all((tmp_path / str(task)).read_text() == at_the_time for task, at_the_time in kept)


def test_processes_that_die_again_and_again_are_told(tmp_path):
    (tmp_path / "deaths").write_text("x" * 9)
    with pytest.raises(SpecError, match="died 3 times"):
        list(workers.finished(partial(squared, tmp_path), [2], 2))
