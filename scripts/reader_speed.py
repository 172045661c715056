"""How long a reader waits: for the page, for a slider, and for the first answers of the wheel.

    uv run python scripts/reader_speed.py
    uv run python scripts/reader_speed.py --runs runs --times 5

Draws the newest edition's page (or a run's), measures it in a headless Chromium, builds the wheel,
installs it into an empty environment and asks it twice in an empty folder. What the processor took
counts on a machine with other work; wall clocks are for reading. Writes
reports/performance/reader.json. Exit status 1: a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tenfold.files import write_atomic

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "reports" / "performance" / "reader.json"
SLIDER_MS, PAGE_BYTES, PAINT_MS, FIRST_S, SECOND_S = 100.0, 8_000_000, 1000.0, 8.0, 2.0
PROBE = (
    "import sys; from tenfold.cli.app import main; status = main(); "
    "heavy = {'pymc', 'nutpie'} & set(sys.modules); "
    "sys.exit(f'imports {heavy}' if heavy else status)"
)


def page(path: Path, times: int) -> dict[str, Any]:
    """The page in a browser: bytes, first contentful paint, and processor time of every slider."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    paints, sliders = [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(times):
            opened = browser.new_page(viewport={"width": 1280, "height": 900})
            opened.goto(path.resolve().as_uri())
            opened.wait_for_selector("#explore[data-ready]", timeout=120_000)
            told = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            paints.append(opened.evaluate(told))
            if len(paints) == times:
                sliders = moved(opened, times)
            opened.close()
        browser.close()
    spent = [ms for each in sliders.values() for ms in each]
    return {
        "bytes": path.stat().st_size,
        "first_paint_ms": round(min(paints), 1),
        "slider_median_ms": round(statistics.median(spent), 1),
        "slider_worst_ms": round(max(spent), 1),
        "sliders_ms": {name: round(statistics.median(each), 1) for name, each in sliders.items()},
    }


def moved(opened: Any, times: int) -> dict[str, list[float]]:
    """Processor milliseconds of the page's main thread per step of a slider, drawing included."""
    session = opened.context.new_cdp_session(opened)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration") * 1000

    opened.evaluate("for (const box of document.querySelectorAll('#explore [type=checkbox]')) "
                    "if (!box.checked) box.click()")  # fmt: skip
    opened.select_option("#x-target", "scores")
    found: dict[str, list[float]] = {}
    for name in opened.eval_on_selector_all("#explore [type=range]", "all => all.map(x => x.name)"):
        for step in range(times):
            before = spent()
            opened.evaluate(
                """([name, at]) => new Promise((done) => {
                    const field = document.getElementById(`x-${name}`), low = Number(field.min);
                    field.value = low + at * (Number(field.max) - low);
                    field.dispatchEvent(new Event("input", { bubbles: true }));
                    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
                })""",
                [name, (step + 1) / (times + 1)],
            )
            found.setdefault(name, []).append(spent() - before)
    return found


def wheel(folder: Path) -> dict[str, Any]:
    """Seconds of the first and the second answer after installing the wheel, and of its processor.

    Raises:
        RuntimeError: an answer imports PyMC or nutpie, or there is none.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    for command in (
        ["uv", "build", "-q", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT)],
        ["uv", "venv", "-q", "--python", sys.executable, str(folder / "venv")],
    ):
        subprocess.run(command, check=True, env=environment)
    (built,) = (folder / "dist").glob("*.whl")
    python = folder / "venv" / "bin" / "python"
    install = ["uv", "pip", "install", "-q", "--python", str(python), str(built)]
    subprocess.run(install, check=True, env=environment)
    (folder / "empty").mkdir()
    found: dict[str, Any] = {"bytes": built.stat().st_size}
    for which in ("first", "second"):
        before, start = os.times(), time.perf_counter()
        done = subprocess.run(
            [str(python), "-c", PROBE, "jump"],
            cwd=folder / "empty", env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        wall, after = time.perf_counter() - start, os.times()
        if done.returncode:
            raise RuntimeError(f"tenfold jump: {done.stderr.strip()}")
        used = after.children_user + after.children_system
        used -= before.children_user + before.children_system
        found |= {f"{which}_wall_s": round(wall, 2), f"{which}_processor_s": round(used, 2)}
    return found


def main() -> int:
    """Measure, write and tell; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="Folder of runs; the newest edition otherwise.")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    from tenfold import report
    from tenfold.editions import shelf
    from tenfold.runs import store

    run = store.latest(given.runs) if given.runs else shelf.newest()
    assert run is not None, "no edition ships"
    with tempfile.TemporaryDirectory() as folder:
        drawn = page(report.build(run, Path(folder) / "page"), given.times)
        answers = wheel(Path(folder))
    load = [round(each, 1) for each in os.getloadavg()]
    drawn_from = "a whole run" if given.runs else f"edition {run.info['edition']['name']}"
    told = {"load": load, "page": {"drawn_from": drawn_from, **drawn}, "wheel": answers}
    write_atomic(given.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))
    kept = (
        drawn["bytes"] < PAGE_BYTES,
        drawn["slider_worst_ms"] < SLIDER_MS,
        drawn["first_paint_ms"] < PAINT_MS,
        answers["first_processor_s"] < FIRST_S,
        answers["second_processor_s"] < SECOND_S,
    )
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
