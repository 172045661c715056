"""Speed and size of this version beside an earlier commit, in one run on one machine.

    uv run python scripts/before_after.py 5546a10 --runs runs

Both are installed with the versions that they lock, each into an environment of its own, without
what developers need. The earlier one fits its baseline; the present one reads the newest run in
`--runs`. Commands take turns, so that other load on the machine falls on both. Writes
before_after.json and .md in reports/performance.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from answer_speed import call

from tenfold.files import write_atomic

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "reports" / "performance"
COMMANDS = ("jump", "cost", "claims", "check", "points")
VERSIONS = ("before", "now")


def install(source: Path, place: Path) -> int:
    """Install a checkout, with the versions that it locks; its size in bytes."""
    options = "-q --locked --no-dev --no-editable --compile-bytecode"
    subprocess.run(  # a wheel that was built before would be taken again
        ["uv", "sync", *options.split(), "--reinstall-package", "tenfold"],
        cwd=source,
        env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(place)},
        check=True,
    )
    return sum(p.stat().st_size for p in place.rglob("*") if p.is_file() and not p.is_symlink())


def program(place: Path) -> Path:
    """The command of an environment."""
    return place / "bin" / "tenfold"


def measure(places: dict[str, Path], runs: dict[str, Path], times: int) -> list[dict[str, Any]]:
    """Each command once for the caches, and then in turns; best of `times`."""
    rows = []
    for name in COMMANDS:
        told: dict[str, list[tuple[float, float]]] = {version: [] for version in VERSIONS}
        for _ in range(times + 1):
            for version in VERSIONS:
                where = [] if name == "points" else ["--runs", str(runs[version])]
                told[version].append(
                    call([program(places[version]), name, *where], places[version])
                )
        best = {version: [min(row[k] for row in told[version][1:]) for k in (0, 1)]
                for version in VERSIONS}  # fmt: skip
        rows.append({
            "command": name,
            **{f"wall_{version}": round(best[version][0], 2) for version in VERSIONS},
            **{f"processor_{version}": round(best[version][1], 2) for version in VERSIONS},
            "processor_ratio": round(best["before"][1] / best["now"][1], 2),
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def page(found: dict[str, Any]) -> str:
    """The figures as a page."""
    lines = [
        "# This version and an earlier one",
        "",
        f"Made by `uv run python scripts/before_after.py {found['before']}`: both installed "
        "without developers' tools, each command in turns on its own newest run of the baseline, "
        "best of "
        f"{found['times']} after a first. Load when it began: {found['load']}.",
        "",
        "| command | wall before, s | now, s | processor before, s | now, s | before over now |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    keys = ("wall_before", "wall_now", "processor_before", "processor_now", "processor_ratio")
    lines += [
        f"| {row['command']} | {' | '.join(f'{row[key]:.2f}' for key in keys)} |"
        for row in found["commands"]
    ]
    sizes = [f"{found['installed_mb'][version]:,}" for version in VERSIONS]
    lines += [
        "",
        f"Installed, with all that it needs: {sizes[0]} MB before, {sizes[1]} MB now.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Install, fit, measure, write."""
    parser = argparse.ArgumentParser(description="Speed beside an earlier commit")
    parser.add_argument("commit")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="of the present version")
    parser.add_argument("--runs-before", type=Path, help="of the earlier one; fitted unless given")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    load = f"{os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        earlier = place / "source"
        subprocess.run(["git", "clone", "-q", ROOT, earlier], check=True)
        subprocess.run(["git", "checkout", "-q", given.commit], cwd=earlier, check=True)
        places = {version: place / version for version in VERSIONS}
        sources = {"before": earlier, "now": ROOT}
        sizes = {v: round(install(sources[v], places[v]) / 1e6) for v in VERSIONS}
        runs = {"before": given.runs_before or place / "runs", "now": given.runs.resolve()}
        if given.runs_before is None:
            call([program(places["before"]), "fit", "--runs", str(runs["before"])])
        found: dict[str, Any] = {
            "before": given.commit,
            "load": load,
            "times": given.times,
            "installed_mb": sizes,
            "commands": measure(places, runs, given.times),
        }
    write_atomic(FOLDER / "before_after.json", json.dumps(found, indent=1) + "\n")
    write_atomic(FOLDER / "before_after.md", page(found))


if __name__ == "__main__":
    main()
