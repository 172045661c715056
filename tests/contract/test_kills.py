"""Killed at any write, or out of room: nothing earlier is lost, nothing half-written is read.

Commands run in forks of this process, which has loaded all that they need: a fork is killed by
itself at one of the events at which it writes, or may write no file beyond a size.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tenfold.cli.app import main
from tenfold.runs import build, store

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
HERE = str(Path(__file__).parent)
SHORT = ("fit", "--scenario", "logistic", "--draws", "40", "--tune", "40", "--chains", "2")
COMMANDS = {
    "fit": SHORT,
    "report": ("report", "--out", "page"),
    "export csv": ("export", "--format", "csv", "--out", "numbers.csv"),
    "export samples": ("export", "--format", "samples", "--out", "draws.nc"),
    "edition": ("edition", "new", "2026-12", "--editions", "editions"),
    "scenarios": ("scenarios", "--only", "efficient-hardware"),
}
"""What is killed; each writes into the folder it runs in."""

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def hear(event: str, given: tuple[Any, ...]) -> None:
    """Counts what this process writes, and kills it at the event that is wanted."""
    if not state["heard"]:
        return
    if event == "open":
        path, _, flags = given
        inside = isinstance(path, str | os.PathLike) and str(state["place"]) in os.path.abspath(
            path
        )
        if not (inside and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)):
            return
    elif event not in WRITES or str(state["place"]) not in os.path.abspath(str(given[0])):
        return
    state["events"] += 1
    if state["events"] == state["killed_at"]:
        os.kill(os.getpid(), signal.SIGKILL)


state: dict[str, Any] = {"heard": False, "events": 0, "killed_at": 0, "place": None}


def forked(place: Path, arguments: tuple[str, ...], killed_at: int = 0, room: int = 0) -> Fork:
    """A command in a fork, in the folder `place`.

    Args:
        killed_at: the event of writing at which it dies; 0 for none.
        room: bytes of the largest file that it may write; 0 for any.
    """
    told, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        out = os.open(place.parent / "said", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
        for stream in (1, 2):
            os.dup2(out, stream)
        if room:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        if arguments[0] == "fit":  # whose threads a fork would wait for
            os.set_inheritable(said, True)
            given = f"{str(place)!r}, {arguments!r}, {killed_at}, {said}"
            program = f"import sys; sys.path.insert(0, {HERE!r}); import test_kills as t; t.work("
            os.execv(sys.executable, [sys.executable, "-c", f"{program}{given}, True)"])
        work(str(place), arguments, killed_at, said)
    os.close(said)
    with os.fdopen(told) as pipe:
        events = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    code = -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)
    return Fork(code, int(events or 0), (place.parent / "said").read_text())


def work(
    place: str, arguments: tuple[str, ...], killed_at: int, said: int, fresh: bool = False
) -> NoReturn:
    """Run a command and end; the number of writes goes to the descriptor `said`."""
    os.chdir(place)
    if fresh:
        sys.addaudithook(hear)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
    state.update(heard=True, events=0, killed_at=killed_at, place=place)
    sys.argv = ["tenfold", *arguments]
    status = main()
    state["heard"] = False
    sys.stdout.flush()
    os.write(said, str(state["events"]).encode())
    os._exit(status)


class Fork:
    """What became of a fork: exit status (the signal, negative), writes, and what it said."""

    def __init__(self, status: int, events: int, said: str) -> None:
        self.status, self.events, self.said = status, events, said


@pytest.fixture(scope="module")
def listening() -> None:
    sys.addaudithook(hear)


@pytest.fixture
def place(prior_run, tmp_path, listening) -> Path:
    """A folder whose `runs` holds one whole run."""
    folder = tmp_path / "place"
    shutil.copytree(prior_run.path.parent, folder / "runs")
    return folder


def files(place: Path) -> dict[str, bytes]:
    """Everything below a folder but locks."""
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def earlier(place: Path, before: dict[str, bytes]) -> None:
    """The run that was there is there, whole, and answers."""
    now = files(place)
    for name, content in before.items():
        if not name.startswith("runs/LATEST"):
            assert now[name] == content, name
    run = store.verify(store.latest(place / "runs"))
    assert run.info["scenario"] == store.BASE
    for path in (place / "runs").iterdir():
        if path.is_dir() and path.name[0] != ".":
            store.verify(store.load(path))


def points(events: int, most: int) -> list[int]:
    """Events at which to kill: all, or as many as are asked for, spread evenly."""
    if events <= most:
        return list(range(1, events + 1))
    return sorted({1 + round(i * (events - 1) / (most - 1)) for i in range(most)})


def made_of(command: str, now: dict[str, bytes]) -> dict[str, bytes]:
    """What a command made; a fit and an edition hold the time, which no two share."""
    own = {k: v for k, v in now.items() if not k.startswith("runs/")}
    return {} if command in ("fit", "edition") else own


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_kill_at_every_write_loses_nothing(command, place, figures):
    before = files(place)
    whole = forked(place, COMMANDS[command])
    assert whole.status in (0, 3), whole.said
    assert whole.events > 3
    wanted = made_of(command, files(place))
    killed = 0
    for at in points(whole.events, 50):
        shutil.rmtree(place)
        for name, content in before.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        found = forked(place, COMMANDS[command], killed_at=at)
        if found.status != -signal.SIGKILL:  # it needed fewer this time
            assert found.status in (0, 3), found.said
            continue
        killed += 1
        earlier(place, before)
        if at % 4 == 0:
            again = forked(place, COMMANDS[command])
            assert again.status in (0, 3), (at, again.said)
            assert made_of(command, files(place)) == wanted, at
            assert not [name for name in files(place) if name.endswith(".part")], at
    assert killed
    figures(f"kills, {command}", {"killed": killed, "lost": 0, "half_read": 0})


def test_a_kill_at_some_writes_loses_nothing(place):
    before, command = files(place), COMMANDS["export csv"]
    for at in (1, 2):
        assert forked(place, command, killed_at=at).status == -signal.SIGKILL
        earlier(place, before)
    assert forked(place, command).status == 0
    assert set(files(place)) - set(before) == {"numbers.csv"}


SIZES = [int(1000 * 2 ** (i * 0.75)) for i in range(20)]
"""Twenty sizes, from 1 kB to 19 MB."""


@pytest.mark.slow
def test_a_full_disk_leaves_what_was_there(place, figures):
    """Twenty sizes of the largest file that can be written, for a fit and a report."""
    before, outcomes = files(place), Counter()
    for size in SIZES:
        for command in ("fit", "report"):
            found = forked(place, COMMANDS[command], room=size)
            assert found.status in (0, 2, 3), (size, command, found.said)
            if found.status == 2:
                errors = [line for line in found.said.splitlines() if line.startswith("error: ")]
                assert len(errors) == 1, (size, found.said)
                assert "cannot be written" in errors[0]
                assert not [name for name in files(place) if name.endswith(".part")], size
            earlier(place, before)
            outcomes["refused" if found.status == 2 else "enough"] += 1
            shutil.rmtree(place / "page", ignore_errors=True)
            for path in (place / "runs").glob("logistic-*"):
                shutil.rmtree(path)
            build.point_to(store.latest(place / "runs"))
    assert outcomes["refused"] > 10
    figures("small disks", {"sizes": len(SIZES), "signals": 0, "leftovers": 0} | outcomes)
