"""Sweeps: grids and samples, resumed, on processes and on a Dask cluster, the same everywhere."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tenfold.cli.app import main
from tenfold.runs import build, store
from tenfold.scenarios import sweep as sweeping
from tenfold.scenarios.said import Said

GRID = "inference_per_training=1,1.2; baseline.grok-4.rl_share=0.3,1"


@pytest.fixture(scope="module")
def run(prior_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept") / prior_run.path.name
    found = store.load(shutil.copytree(prior_run.path, folder))
    build.point_to(found)
    return found


def wanted(run, text=GRID, runs=None, quantities=("rl_jump_ooms", "rl_share")):
    names, points = sweeping.grid(text)
    folder = str(runs or run.path.parent)
    return sweeping.Sweep(str(run.path), folder, Said(), names, points, quantities)


def test_a_grid_is_every_value_with_every_other(run):
    names, points = sweeping.grid("a=1,2; b=3,4,5")
    assert names == ("a", "b")
    assert points == (("1", "3"), ("1", "4"), ("1", "5"), ("2", "3"), ("2", "4"), ("2", "5"))


def test_a_latin_hypercube_has_one_point_in_every_row():
    names, points = sweeping.hypercube("a=-1..3; b=0.1..10", 40, 1)
    assert names == ("a", "b")
    x, y = np.array(points, dtype=float).T
    assert sorted((np.floor((x + 1) / 4 * 40)).astype(int)) == list(range(40))
    assert sorted((np.floor((np.log10(y) + 1) / 2 * 40)).astype(int)) == list(range(40))
    assert sweeping.hypercube("a=-1..3; b=0.1..10", 40, 1)[1] == points


def test_a_point_says_what_a_what_if_says(run):
    rows = sweeping.run(wanted(run), processes=1)
    assert [row["gear"] for row in rows] == ["propagate"] * 4
    shares = [row["quantities"]["rl_share"]["median"] for row in rows]
    np.testing.assert_allclose(shares, np.log10([0.3, 1, 0.3, 1]), atol=1e-6)
    jumps = [row["quantities"]["rl_jump_ooms"]["median"] for row in rows]
    assert jumps[2] / jumps[0] == pytest.approx(1.2, rel=1e-4)
    assert jumps[0] == jumps[1]


def test_what_is_finished_is_kept_and_a_line_that_was_cut_off_is_not(run, tmp_path, monkeypatch):
    sweep = wanted(run, runs=tmp_path)
    first = sweeping.run(sweep, processes=1)
    path = tmp_path / "sweeps" / f"{sweep.key}.jsonl"
    lines = path.read_text().splitlines()
    changed = lines[3].replace('"point": 3', '"point": 1')
    path.write_text("\n".join([lines[2], lines[0], changed, "\xff", lines[1]]))
    done = []
    real = sweeping.row
    monkeypatch.setattr(sweeping, "row", lambda s, p: done.append(p) or real(s, p))
    told: list[str] = []
    assert sweeping.run(sweep, processes=1, say=told.append) == first
    assert sorted(done) == [1, 3]
    assert told == ["2 of 4 points are there already"]
    assert all(json.loads(line) for line in path.read_text().splitlines())
    assert dataclasses.replace(sweep, quantities=("rl_share",)).key != sweep.key


def test_two_sweeps_at_once_lose_no_point(run, tmp_path, monkeypatch):
    points = ",".join(f"{1 + i / 100:.2f}" for i in range(60))
    sweep = wanted(run, f"inference_per_training={points}", tmp_path)
    lines: list[list[str]] = []

    def row(sweep, point):
        time.sleep(0.001)
        return {"point": point, "inputs": {}, "quantities": {}}

    monkeypatch.setattr(sweeping, "row", row)

    def again(i):
        time.sleep(0.01 * i)
        found = sweeping.run(sweep, processes=1)
        lines.append((tmp_path / "sweeps" / f"{sweep.key}.jsonl").read_text().splitlines())
        return found

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(again, range(4))
    assert [each["point"] for each in first] == list(range(60))
    assert all(other == first for other in others)
    for kept in lines:  # whoever is done finds all of them kept
        assert {json.loads(line)["point"] for line in kept} == set(range(60))


def test_processes_and_a_cluster_find_the_same_and_outlive_a_worker(run, tmp_path):
    """Two processes; then a cluster of two, one of which is killed while it works."""
    distributed = pytest.importorskip("distributed")
    alone = sweeping.run(wanted(run), processes=1)
    assert sweeping.run(wanted(run, runs=tmp_path / "two"), processes=2) == alone
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):
        sweep = wanted(run, runs=tmp_path / "cluster")
        os.kill(cluster.workers[0].process.process.pid, signal.SIGKILL)
        assert sweeping.run(sweep, scheduler=cluster.scheduler_address) == alone


def test_what_cannot_be_swept_is_told_before_anything_is_computed(run, monkeypatch, capsys):
    def tenfold(*arguments):
        told = ["tenfold", "sweep", *arguments, "--runs", str(run.path.parent)]
        monkeypatch.setattr(sys, "argv", told)
        status = main()
        out, err = capsys.readouterr()
        assert (status, out) == (2, "")
        return [line for line in err.splitlines() if line.startswith("error: ")]

    files = sorted(run.path.parent.rglob("*"))
    big = ",".join(map(str, range(1, 102)))
    (line,) = tenfold("--grid", f"WE25={big}; exchange_rate={big}")
    assert "10,201 points; expected at most 10,000, or --yes" in line
    (line,) = tenfold("--grid", "WE25=1", "--quantity", "rl_jump_oom")
    assert "did you mean 'rl_jump_ooms'" in line
    lines = tenfold("--grid", "WE25=1 kg, 2; exchange_rat=2")
    assert len(lines) == 2
    (line,) = tenfold("--grid", "WE25")
    assert "expected NAME=VALUES" in line
    (line,) = tenfold("--grid", "WE25=2..1", "--sample", "10")
    assert "expected a range such as 0.1..10" in line
    (line,) = tenfold("--grid", "WE25=3e4", "--plot", "x.svg")
    assert "expected a grid of two inputs" in line
    monkeypatch.setattr(sweeping, "TIMEOUT", "1s")
    (line,) = tenfold("--grid", "WE25=3e4", "--scheduler", "tcp://127.0.0.1:9")
    assert "no scheduler answers" in line
    left = [p for p in sorted(run.path.parent.rglob("*")) if p not in files and p.is_file()]
    assert [p.read_text() for p in left if p.suffix not in (".jsonl", ".lock")] == []
    assert all(not p.read_text() for p in left)


def test_the_command_prints_a_tidy_table_and_draws_a_map(run, tmp_path, monkeypatch, capsys):
    def tenfold(*arguments):
        base = ["tenfold", "sweep", "--grid", GRID, "--workers", "1"]
        monkeypatch.setattr(sys, "argv", [*base, *arguments, "--runs", str(run.path.parent)])
        assert main() == 0
        return capsys.readouterr().out

    picture = tmp_path / "map.svg"
    out = tenfold("--csv", "--plot", str(picture))
    lines = out.splitlines()
    assert lines[0].startswith("inference_per_training,baseline.grok-4.rl_share,quantity,unit")
    assert len(lines) == 5
    assert "<svg" in picture.read_text()
    found = json.loads(tenfold("--json"))["rows"]
    assert [row["inference_per_training"] for row in found] == ["1", "1", "1.2", "1.2"]
    assert "4 answers" in tenfold()
    assert Path(run.path.parent / "sweeps").is_dir()
