"""Killed at any write, or out of room: nothing earlier is lost, nothing half-written is read.

Commands run in forks of this process, which has loaded all that they need. A fork is killed by
itself at one of the events at which it writes, or by the system when a file it writes grows beyond
a size, in the middle of the file whatever library writes it.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tenfold.cli.app import main
from tenfold.runs import store

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
HERE = str(Path(__file__).parent)
SHORT = ("fit", "--scenario", "logistic", "--draws", "40", "--tune", "40", "--chains", "2")
GRID = "inference_per_training=1,1.2,1.5; exchange_rate=1,2"
COMMANDS = {
    "fit": SHORT,
    "report": ("report", "--out", "page", "--figures"),
    "sweep": ("sweep", "--grid", GRID, "--workers", "1"),
    "export csv": ("export", "--format", "csv", "--out", "numbers.csv"),
    "export samples": ("export", "--format", "samples", "--out", "draws.nc"),
    "edition": ("edition", "new", "2026-12", "--editions", "editions"),
    "scenarios": ("scenarios", "--only", "efficient-hardware"),
}
"""What is killed; each writes into the folder it runs in."""
TIMED = re.compile("runs/logistic-|runs/LATEST|editions/")
"""Files that hold the time they are made at, or name those that do."""
KEPT = re.compile("runs/scenarios.json$|runs/sweeps/[0-9a-f]+.jsonl$")
"""Where single answers stay that were whole before a command failed."""
MOST = 80
"""Most events of writing at which a command is killed."""

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


def forked(place: Path, arguments: tuple[str, ...], killed_at: int = 0, size: int = 0) -> Fork:
    """A command in a fork, in the folder `place`.

    Args:
        killed_at: the event of writing at which it dies; 0 for none.
        size: bytes of a file beyond which it dies; 0 for none.
    """
    told, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        out = os.open(place.parent / "said", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
        for stream in (1, 2):
            os.dup2(out, stream)
        if arguments[0] == "fit":  # whose threads a fork would wait for
            os.set_inheritable(said, True)
            given = f"{str(place)!r}, {arguments!r}, {killed_at}, {size}, {said}"
            program = f"import sys; sys.path.insert(0, {HERE!r}); import test_kills as t; t.work("
            os.execv(sys.executable, [sys.executable, "-c", f"{program}{given}, True)"])
        work(str(place), arguments, killed_at, size, said)
    os.close(said)
    with os.fdopen(told) as pipe:
        events = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    code = -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)
    return Fork(code, int(events or 0), (place.parent / "said").read_text())


def work(
    place: str,
    arguments: tuple[str, ...],
    killed_at: int,
    size: int,
    said: int,
    fresh: bool = False,
) -> NoReturn:
    """Run a command and end; the number of writes goes to the descriptor `said`."""
    os.chdir(place)
    if size:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
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
        if path.is_dir() and path.name[0] != "." and path.name != "sweeps":
            store.verify(store.load(path))


def points(events: int) -> list[int]:
    """Events at which to kill: all, or `MOST` that are spread evenly."""
    return sorted({1 + round(i * (events - 1) / (MOST - 1)) for i in range(MOST)})


def sizes(made: dict[str, bytes]) -> list[int]:
    """Sixteen sizes at which to kill, to that of the largest file that is made less one byte."""
    largest = max(map(len, made.values())) - 1
    return sorted({round(largest ** (i / 16)) for i in range(1, 17)})


def made(before: dict[str, bytes], place: Path) -> dict[str, bytes]:
    """Files that are new or others than before; without content where they hold the time."""
    new = {name: data for name, data in files(place).items() if before.get(name) != data}
    return {name: b"" if TIMED.match(name) else data for name, data in new.items()}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_kill_at_any_write_loses_nothing(command, place, figures):
    before = files(place)
    whole = forked(place, COMMANDS[command])
    assert whole.status in (0, 3), whole.said
    assert whole.events > 3
    wanted = made(before, place)
    largest = {name: data for name, data in files(place).items() if name in wanted}
    kills = [{"killed_at": at} for at in points(whole.events)]
    kills += [{"size": size} for size in sizes(largest)]
    counts = Counter[str]()
    for number, kill in enumerate(kills):
        shutil.rmtree(place)
        for name, content in before.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        found = forked(place, COMMANDS[command], **kill)
        if found.status not in (-signal.SIGKILL, -signal.SIGXFSZ):  # it wrote less this time
            assert found.status in (0, 3), found.said
            continue
        counts["between writes" if "killed_at" in kill else "within a file"] += 1
        earlier(place, before)
        if number % 4 == 0:
            again = forked(place, COMMANDS[command])
            assert again.status in (0, 3), (kill, again.said)
            assert made(before, place) == wanted, kill
            counts["same afterwards"] += 1
    assert counts["within a file"]
    assert counts["between writes"]
    figures(f"kills, {command}", {"killed": counts.total() - counts["same afterwards"], **counts})


def test_a_kill_at_some_writes_loses_nothing(place):
    before, command = files(place), COMMANDS["export csv"]
    for at in (1, 2):
        assert forked(place, command, killed_at=at).status == -signal.SIGKILL
        earlier(place, before)
    assert forked(place, command).status == 0
    assert set(files(place)) - set(before) == {"numbers.csv"}


SMALL = """
mount -t tmpfs -o size="$1" none "$2" && cp -a "$3/." "$2" && cd "$2" || exit 99
shift 3
"$@"
status=$?
cp -a . "$OUT"
exit $status
"""
"""Runs a command on a small disk that holds what a folder holds, and copies what is there then."""
ROOMS = [round(4096 * 2 ** (14 * i / 19)) for i in range(20)]
"""Room on disks: from one page to 64 MiB, of which every command has enough."""


@pytest.mark.slow
def test_a_full_disk_leaves_what_was_there(place, figures):
    """Each command on file systems of twenty sizes, from no room to more than enough."""
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-rm", "mount", "-t", "tmpfs", "none", place]).returncode
    ):
        pytest.skip("no file systems of one's own here: unshare -rm and mount -t tmpfs")
    before, counts, out = files(place), Counter[str](), place.parent / "out"
    held = sum(-(-len(data) // 4096) * 4096 for data in before.values())
    (place.parent / "disk").mkdir()
    tenfold = Path(sys.executable).with_name("tenfold")
    for room, command in product(ROOMS, COMMANDS):
        out.mkdir()
        arguments = ("sh", "-c", SMALL, "sh", str(held + room), place.parent / "disk", place)
        done = subprocess.run(
            [unshare, "-rm", *arguments, tenfold, *COMMANDS[command]],
            env=os.environ | {"OUT": str(out)}, capture_output=True, text=True,
        )  # fmt: skip
        where = (room, command, done.stderr[-2000:])
        assert done.returncode in (0, 2, 3), where
        earlier(out, before)
        if done.returncode == 2:
            errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, where
            assert re.search("cannot be written|free; expected", errors[0]), where
            assert not [name for name in made(before, out) if not KEPT.match(name)], where
        counts["refused" if done.returncode == 2 else "enough"] += 1
        shutil.rmtree(out)
    assert counts["refused"] > len(ROOMS)
    figures("small disks", {"sizes": len(ROOMS), "signals": 0, "leftovers": 0} | counts)
