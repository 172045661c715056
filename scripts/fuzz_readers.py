"""Hostile inputs for every reader of files that people bring: good files, and ways to spoil them.

`tests/unit/test_hostile.py` draws from them. As a script it is a coverage-guided fuzzer, which
needs atheris (not a dependency of the project) and runs until it finds something or is stopped:

    uv run --with atheris scripts/fuzz_readers.py points -runs=100000
    uv run --with atheris scripts/fuzz_readers.py all -runs=5000    # each in a process of its own
"""

from __future__ import annotations

import datetime
import importlib
import inspect
import io
import json
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tenfold.answers.constants import load_constants
from tenfold.claims.verdicts import load_claims
from tenfold.evidence.columns import GptLevel, Overlap, Shift, Tradeoff
from tenfold.evidence.digitise import AxesFile, digitise_chart
from tenfold.evidence.interchange.common import Options
from tenfold.evidence.interchange.read import read_results
from tenfold.evidence.plausible import implausible
from tenfold.evidence.rows import read_benchmarks, read_points, read_rows, read_sources
from tenfold.files import SpecError, data_path, write_atomic
from tenfold.posterior.priors import load as load_priors
from tenfold.posterior.scenario import load_scenarios
from tenfold.spec import load_toml

FIGURES = Path(__file__).resolve().parents[1] / "tests" / "figures.json"
FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "digitise"
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1e-320, 1e308, -1e308, float("inf"), float("nan"), 2**63, 10**40,
    "", " ", "0,100", "1,5", "1,500", "nan", "inf", "-", "%", "$", "1e999", "9" * 400, "\u0000",
    "\u001b[31m", "\u202e", "\ud800", "\ufeff", "a" * 300, "../../etc/passwd", "=1+1", "{{7*7}}",
    "${HOME}", "2024-09-12", [], {}, [[]], [None], {"a": None}, [1, 2, 3], "\n", "'", '"', "%s",
)  # fmt: skip
BYTES = (
    b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\n", b'"', b"'", b",", b";", b"[",
    b"]", b"{", b"}", b"=", b"#", b"\\", b"\xed\xa0\x80", b"9" * 5000, b"[" * 3000, b"a." * 3000,
    b"1e999", b"nan", b"-inf", b"0x" + b"f" * 5000, b"\x1b[2J", b'"""', b"\xc3", b"../", b"/dev/",
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """A reader of one kind of file: name of the file, how it is read, good contents."""

    file: str
    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]


def _points(path: Path) -> object:
    return implausible(read_points(path), {"AIME 2024": 30})


def _chart(path: Path) -> object:
    found = digitise_chart(path)
    frame = found.points[["compute", "score", "score_se"]].to_numpy(float)
    if not (frame == frame).all() or abs(frame).max(initial=0) == float("inf"):
        raise AssertionError("a digitised point is not finite")
    return found


def _results(path: Path) -> object:
    return read_results(path, Options(questions=100))


def _image(path: Path) -> object:
    axes = path.with_name("axes.toml")
    axes.write_text(AXES, encoding="utf-8")
    return digitise_chart(path, axes)


def _picture() -> bytes:
    """A chart of three markers, as PNG."""
    picture = Image.new("RGB", (60, 50), "white")
    pen = ImageDraw.Draw(picture)
    for x, y in ((12, 38), (30, 25), (48, 12)):
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill="#1f77b4")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _head(path: Path, lines: int = 12) -> bytes:
    return b"\n".join(path.read_bytes().split(b"\n")[:lines]) + b"\n"


def _tables(path: Path, count: int = 4) -> bytes:
    """The first tables of a TOML file."""
    return b"\n\n".join(path.read_bytes().split(b"\n\n")[: count + 1]) + b"\n"


def _archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in (("p/info.json", b'{"json": "wpd.json"}'), ("p/wpd.json", content)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def readers() -> dict[str, Reader]:
    """Every reader of files that users bring."""
    project = (FIXTURES / "version4.json").read_bytes()
    table = data_path("points", "o1_test.csv")
    record = json.dumps(RECORD).encode()
    arc = {"datasetId": "v1_Semi_Private", "modelId": "a-low", "score": 0.3, "costPerTask": 0.1}
    run = {"task_id": "t", "alias": "A", "score_binarized": 1, "generation_cost": 2.0}
    axes = (FIXTURES / "version42_axes.toml").read_bytes()
    claims = data_path("claims", "ord-2025.toml").read_bytes()
    benchmarks = _tables(data_path("benchmarks.toml"))
    kinds = {"shifts": Shift, "tradeoff": Tradeoff, "gpt_ladder": GptLevel, "overlaps": Overlap}
    found = {
        "points": Reader("a.csv", _points, (_head(table), _head(data_path("points", "dapo.csv")))),
        "project": Reader("a.json", _chart, (project, (FIXTURES / "version3.json").read_bytes())),
        "saved project": Reader("a.tar", _chart, (_archive(project),)),
        "image": Reader("a.png", _image, (_picture(),)),
        "axes": Reader("a.toml", lambda path: load_toml(path, AxesFile), (axes,)),
        "epoch": Reader("gpqa_diamond.csv", _results, (EPOCH,)),
        "records": Reader("b.json", _results, (record,)),
        "lines": Reader("b.jsonl", _results, (record + b"\n" + record, json.dumps(run).encode())),
        "arc": Reader("c.json", _results, (json.dumps([arc, arc | {"score": 0.5}]).encode(),)),
        "inspect": Reader("d.json", _results, (json.dumps(INSPECT).encode(),)),
        "hal": Reader("e.json", _results, (json.dumps(HAL).encode(),)),
        "scenarios": Reader("s.toml", load_scenarios, (_tables(data_path("scenarios.toml")),)),
        "priors": Reader("p.toml", load_priors, (_tables(data_path("priors.toml")),)),
        "constants": Reader("c.toml", load_constants, (data_path("constants.toml").read_bytes(),)),
        "claims": Reader("k.toml", load_claims, (claims,)),
        "benchmarks": Reader("benchmarks.toml", read_benchmarks, (benchmarks,)),
        "sources": Reader("sources.toml", lambda path: read_sources(path, path.parent), (SOURCE,)),
    }  # fmt: skip
    for name, kind in kinds.items():
        seed = _head(data_path(f"{name}.csv"), 4)
        found[name] = Reader(f"{name}.csv", lambda path, kind=kind: read_rows(path, kind), (seed,))
    return found


AXES = """version = 1
[chart.x]
scale = "log"
ticks = [[5, 10], [55, 1000]]
[chart.y]
scale = "linear"
ticks = [[45, 0], [5, 100]]
[[series]]
name = "a"
colour = "#1f77b4"
"""
SOURCE = b"""[mine]
title = "A chart"
publisher = "Somebody"
date = "2026-01-01"
url = "https://example.org"
figure = "1"
terms = "own work"
method = "digitised"
log10_axis_scale_se = 0.03
file = "sources.toml"
"""
EPOCH = b"""Model version,Score,Reasoning level,Cost per task,stderr,Notes
gpt-5.9_low,42%,Low,$1.10,3%,
gpt-5.9_high,0.60,High,"1,500",0.02,"slow, but good"
"""
RECORD: dict[str, Any] = {
    "schema_version": "0.2.2", "evaluation_id": "b/x/1",
    "source_metadata": {"source_name": "Board", "source_organization_name": "Org"},
    "model_info": {"name": "model-a_low", "additional_details": {"inference_effort": "low"}},
    "evaluation_results": [
        {"evaluation_name": "SciCode", "source_data": {"samples_number": 9},
         "metric_config": {"lower_is_better": False, "min_score": 0, "max_score": 1},
         "score_details": {"score": 0.3, "details": {"cost_per_task": "0.2"},
                           "uncertainty": {"standard_error": {"value": 0.1}}},
         "generation_config": {"generation_args": {"reasoning": True},
                               "additional_details": {"agent_scaffold": "X"}}},
        {"evaluation_name": "SciCode",
         "metric_config": {"lower_is_better": True, "metric_unit": "usd"},
         "score_details": {"score": 2.0}},
    ],
    "detailed_evaluation_results": {"file_path": "samples.jsonl"},
}  # fmt: skip
INSPECT: dict[str, Any] = {
    "eval": {"task": "gpqa_diamond", "model": "openai/o9", "config": {"epochs": 4}},
    "results": {"completed_samples": 792, "scores": [
        {"metrics": {"accuracy": {"value": 0.6}, "stderr": {"value": 0.02}}}]},
    "stats": {"model_usage": {"openai/o9": {"output_tokens": 792_000}}},
}  # fmt: skip
HAL: dict[str, Any] = {
    "config": {"agent_name": "A", "benchmark_name": "scicode",
               "agent_args": {"model_name": "m", "reasoning_effort": "high"}},
    "results": {"accuracy": 0.25, "total_cost": 8.0, "successful_tasks": ["a"],
                "failed_tasks": ["b"]},
}  # fmt: skip


def spoiled(content: bytes, file: str, rng: random.Random) -> bytes:
    """`content` with one to four things changed: a value, a cell, a key, some bytes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        kind = rng.random()
        if file.endswith((".json", ".jsonl")) and kind < 0.6:
            content = _other_json(content, rng)
        elif file.endswith(".csv") and kind < 0.6:
            content = _other_cell(content, rng)
        elif file.endswith(".toml") and kind < 0.6:
            content = _other_toml(content, rng)
        else:
            content = _other_bytes(content, rng)
    return content


def _other_json(content: bytes, rng: random.Random) -> bytes:
    try:
        value = json.loads(content.split(b"\n")[0])
    except ValueError:
        return content
    places: list[tuple[Any, Any]] = []
    rest = [value]
    while rest:
        item = rest.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item))
        for key in keys:
            places.append((item, key))
            if isinstance(item[key], dict | list):
                rest.append(item[key])
    if not places:
        return content
    table, key = rng.choice(places)
    if isinstance(table, dict) and rng.random() < 0.2:
        table[str(rng.choice(NASTY))[:50]] = table.pop(key)
    elif isinstance(table, list) and rng.random() < 0.2:
        table *= rng.choice((0, 2, 50))
    else:
        table[key] = rng.choice(NASTY)
    return json.dumps(value).encode()


def _other_cell(content: bytes, rng: random.Random) -> bytes:
    lines = content.decode("utf-8", "replace").split("\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(",")
    cells[rng.randrange(len(cells))] = str(rng.choice(NASTY))
    lines[at] = ",".join(cells)
    if rng.random() < 0.1:
        lines = [line.replace(",", rng.choice(";\t|")) for line in lines]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _other_toml(content: bytes, rng: random.Random) -> bytes:
    lines = content.decode("utf-8", "replace").split("\n")
    given = [i for i, line in enumerate(lines) if re.match(r"[^#\[].*=", line)]
    if not given:
        return content
    at = rng.choice(given)
    key, _, _ = lines[at].partition("=")
    value = rng.choice(NASTY)
    word = {None: "{}", True: "true", False: "false"}.get(value) if _hashable(value) else None
    text = word or (repr(value) if isinstance(value, int | float) else json.dumps(value))
    lines[at] = f"{key}= {text}" if rng.random() < 0.8 else f"x.{key}= {text}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _hashable(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _other_bytes(content: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    b = min(b, a + rng.choice((0, 1, 4, 200)))
    kind = rng.random()
    if kind < 0.5:
        return content[:a] + rng.choice(BYTES) + content[b:]
    if kind < 0.7:
        return content[:a] + bytes(rng.randrange(256) for _ in range(b - a)) + content[b:]
    if kind < 0.85:
        return content[:b] + content[a:b] * rng.choice((1, 3, 100)) + content[b:]
    return content[:a]


def outcome(reader: Reader, path: Path, content: bytes) -> str:
    """ "loads" or "refused"; anything else is the exception that a reader must not raise."""
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader.read(path)
    except SpecError as error:
        for line in error.lines:
            if not line.isprintable() or len(line) > 1500 or not line.strip():
                raise AssertionError(f"not one clear line: {line!r}") from None
        return "refused"
    return "loads"


def every(arguments: list[str]) -> int:
    """Fuzz all readers in turn, and keep the number of inputs in tests/figures.json."""
    inputs, failed = 0, []
    for name in readers():
        command = [sys.executable, __file__, name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"^#(\d+)\tDONE", done.stderr, re.MULTILINE)
        inputs += int(found[1]) if found else 0
        failed += [name] if done.returncode else []
        print(f"{name}: {'FAILED' if done.returncode else 'nothing found'}", flush=True)
        if done.returncode:
            print(done.stderr[-3000:])
    if not failed:
        known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
        told = {"readers": len(readers()), "inputs": inputs, "found": 0}
        known["fuzzed files, guided by coverage"] = {"date": str(datetime.date.today())} | told
        write_atomic(FIGURES, json.dumps(known, indent=1, sort_keys=True) + "\n")
    return len(failed)


def main() -> int:
    """Fuzz the reader that is named first, guided by the coverage of its code; or all of them."""
    _, name, *rest = sys.argv
    if name == "all":
        return every(rest)
    atheris: Any = importlib.import_module("atheris")
    reader = readers()[name]
    folder = Path(tempfile.mkdtemp())
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(reader.seeds):
        (corpus / str(number)).write_bytes(seed)
    for module_name, module in list(sys.modules.items()):
        if module_name.split(".")[0] in ("tenfold", "tomllib"):
            for item in list(vars(module).values()):
                if inspect.isfunction(item) and item.__module__ == module_name:
                    atheris.instrument_func(item)
    target = folder / reader.file
    arguments = [sys.argv[0], *rest, "-timeout=5", "-rss_limit_mb=1024", str(corpus)]
    atheris.Setup(arguments, lambda content: outcome(reader, target, content))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
