"""What was stored is read as it was stored, or not at all: swaps, edits and random damage."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from tenfold.cli.app import main
from tenfold.runs import build, netcdf, record, store

FORM = "posterior-logistic.nc"


@pytest.fixture
def run(prior_run, tmp_path):
    """A copy of a whole run, the newest of its scenario, that a test may change."""
    path = Path(shutil.copytree(prior_run.path, tmp_path / "runs" / prior_run.path.name))
    found = store.load(path)
    build.point_to(found)
    return found


@pytest.fixture
def call(run, monkeypatch, capsys):
    """Runs a command on the copy: status, output, errors."""

    def command(*arguments):
        told = ["tenfold", *arguments, "--runs", run.path.parent, "--json"]
        monkeypatch.setattr(sys, "argv", [str(word) for word in told])
        return main(), *capsys.readouterr()

    return command


def rewritten(path, change):
    """A netCDF file with one group changed, its attributes as they were."""
    import xarray as xr

    attrs = netcdf.attributes(path)
    names = netcdf.groups(path) or ("/",)
    tree = {name: netcdf.read(path, name) for name in names}
    tree[names[0]] = change(tree[names[0]])
    whole = xr.DataTree.from_dict(tree) if names != ("/",) else tree["/"]
    path.write_bytes(netcdf.to_bytes(whole, attrs))


def tenfold_rates(run):
    def change(draws):
        slope = draws["slope_new_benchmark"]
        return draws.assign(slope_new_benchmark=slope * (1 + 9 * (slope["regime"] == "rl")))

    rewritten(run.path / netcdf.HEADLINE, change)
    return netcdf.HEADLINE


def tenfold_posterior(run):
    rewritten(run.path / FORM, lambda d: d.assign(log_slope_mean=d["log_slope_mean"] + 1))
    return FORM


def another_form(run):
    shutil.copy(run.path / "posterior-saturating.nc", run.path / FORM)
    return FORM


def another_run(run):
    """A file of another run, known to `run.json` by its own hash."""
    other = store.Run(run.path, run.info | {"key": "0" * 12, "files": dict(run.info["files"])})
    build._put(other, netcdf.HEADLINE, run.group(netcdf.HEADLINE))
    record.write(run.path / store.RECORD, run.info | {"files": other.info["files"]})
    return netcdf.HEADLINE


def empty(run):
    (run.path / FORM).write_bytes(b"")
    return FORM


def missing(run):
    (run.path / netcdf.HEADLINE).unlink()
    return netcdf.HEADLINE


def edited(run, **changes):
    path = run.path / store.RECORD
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return store.RECORD


def better_status(run):
    """FAIL made PASS over a gate that failed, with a hash that fits."""
    failed = [gate | {"status": "FAIL"} for gate in run.info["gates"]]
    record.write(run.path / store.RECORD, run.info | {"gates": failed, "status": "PASS"})
    return store.RECORD


def no_gates(run):
    return edited(run, gates=[], status="PASS")


def other_weights(run):
    return edited(run, weights={"logistic": 1.0, "saturating": 0.0})


def older_format(run):
    return edited(run, format=1)


TAMPERS = (
    tenfold_rates, tenfold_posterior, another_form, another_run, empty, missing, better_status,
    no_gates, other_weights, older_format,
)  # fmt: skip


def one_line(status, out, err, name):
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (status, out, len(errors)) == (2, "", 1), err
    assert name in errors[0]


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_every_kind_of_tampering_is_told_with_the_file(run, call, tamper):
    assert call("check")[0] == 0
    name = tamper(run)
    one_line(*call("check"), name)
    one_line(*call("jump"), name)


def test_a_pointer_to_another_scenario_is_told(run, call):
    pointer = run.path.parent / "LATEST-logistic"
    shutil.copy(run.path.parent / "LATEST-baseline", pointer)
    one_line(*call("jump", "--scenario", "logistic"), pointer.name)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../..", b"gone-0\n", b"x\0y", b"."])
def test_a_pointer_to_nothing_is_one_line(run, call, content):
    (run.path.parent / "LATEST-baseline").write_bytes(content)
    status, out, err = call("jump")
    assert (status, out) == (2, "")
    assert err.startswith("error: ")


def test_a_run_says_little_of_itself(run):
    assert len(repr(run)) < 500
    assert len(repr(store.Run(Path("/" + "x" * 5000), run.info))) < 500
    assert "PASS" in repr(run)


def test_runs_are_listed_explained_and_pruned(run, call):
    """The newest of a scenario stays; what is older or cannot be read goes, once that is asked."""
    folder = run.path.parent
    broken, kept = folder / "baseline-000000000000", folder / "mine"
    shutil.copytree(run.path, broken)
    (broken / store.RECORD).write_text("{")
    kept.mkdir()
    (kept / "notes.txt").write_text("not a run")
    status, out, err = call("runs")
    assert (status, err) == (0, "")
    listed = {Path(row["run"]).name: row for row in json.loads(out)["runs"]}
    assert set(listed) == {run.path.name, broken.name}
    assert listed[run.path.name]["newest"]
    assert broken.name in listed[broken.name]["trouble"]
    status, out, _ = call("runs", "why")
    assert (status, set(json.loads(out)["changed"])) == (0, {"scenario"})
    shown = json.loads(call("runs", "prune")[1])
    assert shown["runs"] == [str(broken)]
    assert broken.exists()
    assert json.loads(call("runs", "prune", "--yes")[1])["deleted"]
    left = {path.name for path in folder.iterdir()}
    assert left == {run.path.name, "mine", "LATEST", "LATEST-baseline"}
    call("runs", "prune", "--stale", "--yes")
    assert {path.name for path in folder.iterdir()} == {"mine"}


def damaged(rng, data, others):
    """One random damage to the bytes of a file."""
    data, size = bytearray(data), len(data)
    at, much = rng.randrange(size), rng.choice((1, 8, 512, 4096))
    kind = rng.choice(("flip", "zero", "noise", "cut", "drop", "repeat", "append", "swap"))
    if kind == "flip":
        data[at] ^= 1 << rng.randrange(8)
    elif kind == "zero":
        data[at : at + much] = bytes(len(data[at : at + much]))
    elif kind == "noise":
        data[at : at + much] = rng.randbytes(len(data[at : at + much]))
    elif kind == "cut":
        del data[at:]
    elif kind == "drop":
        del data[at : at + much]
    elif kind == "repeat":
        data[at:at] = data[at : at + much]
    elif kind == "append":
        data += rng.randbytes(much)
    else:
        data = bytearray(rng.choice(others))
    return kind, bytes(data)


class Hangs(BaseException):
    """A command took longer than a slow machine can explain; nothing catches this."""


def too_long(*_):
    raise Hangs


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_random_damage_changes_no_number_silently(run, call, figures, count):
    """Every file in turn; a command answers as before or tells the file, and within a minute."""
    rng = random.Random(20261127)
    whole = call("jump")
    files = sorted(path for path in run.path.parent.rglob("*") if path.is_file())
    kept = {path: path.read_bytes() for path in files}
    outcomes: Counter[str] = Counter()
    before = signal.signal(signal.SIGALRM, too_long)
    try:
        for i in range(count):
            path = files[i % len(files)]
            kind, data = damaged(rng, kept[path], list(kept.values()))
            path.write_bytes(data)
            signal.alarm(60)
            answers = [call("jump")]
            if path.name.startswith(("posterior", "series")):  # which the sample stands for
                answers.insert(0, call("check"))
            signal.alarm(0)
            path.write_bytes(kept[path])
            for *_, err in answers:
                assert "Traceback" not in err, (path, kind)
                assert "unexpected" not in err, (path, kind)
            told = answers[0][0] == 2
            harmless = answers[-1] == whole and (data == kept[path] or path.suffix != ".nc")
            assert told or harmless, (path, kind, answers[0])
            outcomes["told" if told else "unchanged"] += 1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert outcomes["told"] > count / 2
    if count >= 1000:
        figures("damaged files", {"damages": count, "silent_changes": 0, "hangs": 0} | outcomes)
