"""Evaluation results of others as points: what every foreign format shares.

A result becomes a point where it carries output tokens or a cost per question beside its score;
everything else is left out and counted in the notes. The formats themselves are in `epoch`,
`every_eval` and `others`; `read` tells them apart.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from tenfold import inert
from tenfold.evidence.audit import check_across
from tenfold.evidence.columns import Benchmark, Point, Source, Unit
from tenfold.evidence.rows import (
    Folder,
    points_root,
    read_benchmarks,
    read_folder,
    read_points,
)
from tenfold.files import Mistakes, SpecError, data_path, read_text, read_toml, write_atomic
from tenfold.spec import validate

EFFORT = re.compile(
    r"[-_ ]\(?(?:thinking[-_ ])?"
    r"(none|no[- ]thinking|non-thinking|non-reasoning|minimal|low|medium|high|xhigh|max|\d+k)"
    r"(?:[-_ ]thinking)?\)?$"
    r"|_(thinking|unknown)$| \((thinking|reasoning)\)$"
    r"| \((?:[^()]*, )?(minimal|low|medium|high|xhigh|max) effort(?:,[^()]*)?\)$",
    re.IGNORECASE,
)
"""A trailing effort."""
NAMED_SO = re.compile(r"istral[- ]medium$|(qwen[\d.]*|codex)[- ]max$|gpt-[34][.\w-]*-\d+k$", re.I)
"""Models whose own name ends like an effort."""
NON_THINKING = ("none", "no thinking", "no-thinking", "non-thinking", "non-reasoning", "minimal")
SAID_OTHERWISE = {
    "extra high": "xhigh", "extra-high": "xhigh", "extra_high": "xhigh", "med": "medium",
    "unknown": "", "default": "", "n/a": "", "na": "", "nan": "", "null": "", "-": "",
    "off": "none", "disabled": "none", "no": "none", "false": "none",
    "on": "thinking", "enabled": "thinking", "yes": "thinking", "true": "thinking",
}  # fmt: skip
HUMAN = re.compile(r"(?<![a-z])(humans?|mturkers?|stem[ _-]?grads?)(?![a-z])", re.IGNORECASE)
FAMILIES = (
    ("claude", "Claude"), ("gpt-5", "GPT-5"), ("gpt-oss", "gpt-oss"), ("gpt-4", "GPT-4"),
    ("gemini", "Gemini"), ("qwen3", "Qwen3"), ("qwen2.5", "Qwen2.5"), ("deepseek", "DeepSeek"),
    ("grok", "Grok"), ("llama", "Llama"), ("nova", "Nova"), ("kimi", "Kimi"), ("glm", "GLM"),
    ("minimax", "MiniMax"), ("mistral", "Mistral"), ("magistral", "Mistral"),
)  # fmt: skip
ALIASES = {
    "arcagi": "ARC-AGI-1 semi-private", "arcagi1": "ARC-AGI-1 semi-private",
    "v1semiprivate": "ARC-AGI-1 semi-private", "v1publiceval": "ARC-AGI-1 public",
    "v1privateeval": "ARC-AGI-1 private", "arcagi2": "ARC-AGI-2 semi-private",
    "v2semiprivate": "ARC-AGI-2 semi-private", "v2publiceval": "ARC-AGI-2 public",
    "v2privateeval": "ARC-AGI-2 private", "v3semiprivate": "ARC-AGI-3 semi-private",
    "v3publicdemo": "ARC-AGI-3 public demo", "hle": "Humanity's Last Exam",
    "aime24": "AIME 2024", "aime25": "AIME 2025", "hmmtfeb2025": "HMMT February 2025",
    "lcr": "AA-LCR", "gpqa": "GPQA Diamond", "swebenchbash": "SWE-bench Verified",
}  # fmt: skip
"""Other names of benchmarks, letters and digits only, and what the evidence calls them."""


MAX_TABLES, MAX_VALUES = 1_000_000, 3_000_000
"""Most tables and lists, and most values, of one text of JSON."""


@dataclass(frozen=True)
class Options:
    """What a user says of a file: see the options of `tenfold points import`."""

    benchmark: str | None = None
    questions: int | None = None
    compute: str | None = None
    unit: Unit | None = None
    score: str | None = None


@dataclass
class Harvest:
    """Results taken from one or more files, before they are points.

    `rows`: keys of a points file, with `where`; `left`: results left out, by reason.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    title: str = ""
    publisher: str = ""
    url: str = ""
    terms: str = "as the source"


@dataclass(frozen=True)
class Imported:
    """Points in the columns of a points file, a draft of their source, and what was left out."""

    points: pd.DataFrame
    source: Source
    notes: tuple[str, ...]


def family_of(model: str) -> str:
    """Family label of a model name: its line, as in the shipped evidence, else its first word."""
    name = model.lower().rpartition("/")[2]
    if re.match(r"o[134](\b|-)", name):
        return "o-series"
    first = re.split(r"[-_ ]", name)[0]
    return next((label for key, label in FAMILIES if key in name), first) or model


def split_effort(model: str) -> tuple[str, str]:
    """A model name without its effort suffix, and the effort ("" if it names none)."""
    found = EFFORT.search(model)
    if not found or not found.start() or NAMED_SO.search(model):
        return model, ""
    return model[: found.start()], effort_of(next(filter(None, found.groups())))


def effort_of(text: str) -> str:
    """An effort in the words of the evidence."""
    word = text.strip().lower()
    return SAID_OTHERWISE.get(word, word)


def without_effort(model: str, effort: str) -> str:
    """A model name without an effort that is stated elsewhere: "o4-mini Low (April 2025)"."""
    if not effort:
        return model
    return re.sub(rf"[ _-]\(?{re.escape(effort)}\)?(?=$|[ _(-])", "", model, count=1, flags=re.I)


def plain_name(name: str) -> str:
    """Letters and digits of a name, in lower case: what names are compared by."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def benchmark_of(name: str) -> str:
    """What the evidence calls a benchmark, whatever its case and punctuation; else `name`."""
    return ({plain_name(label): label for label in _known()} | ALIASES).get(plain_name(name), name)


def questions_of(benchmark: str) -> int | None:
    """Number of questions of a known benchmark, or None."""
    known = _known().get(benchmark)
    return known.questions or None if known else None


@cache
def _known() -> dict[str, Benchmark]:
    return read_benchmarks(data_path("benchmarks.toml"))


def printable(text: str, most: int = 200) -> str:
    """Text of a foreign file fit for a label: one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)[:most].strip()


def check_size(text: str, where: object) -> None:
    """Refuse JSON that would fill the memory: a table takes a hundred times its two characters.

    Raises:
        SpecError: more than `MAX_TABLES` or `MAX_VALUES`, signs within texts included.
    """
    tables = text.count("{") + text.count("[")
    if tables > MAX_TABLES or tables + text.count(",") > MAX_VALUES:
        raise SpecError(
            f"{where}: more than {MAX_TABLES:,} tables and lists, or {MAX_VALUES:,} values; "
            "expected fewer"
        )


def output_tokens(usage: Mapping[str, Any]) -> float | None:
    """Tokens that a model wrote, or None; some count its reasoning apart, as the total shows."""

    def count(key: str) -> float:
        value = usage.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0
        return max(value, 0) if math.isfinite(value) else 0

    written, reasoning = count("output_tokens"), count("reasoning_tokens")
    inputs = sum(
        count(key)
        for key in ("input_tokens", "input_tokens_cache_read", "input_tokens_cache_write")
    )
    if reasoning and count("total_tokens") >= inputs + written + reasoning:
        written += reasoning
    return written if "output_tokens" in usage else None


def as_points(path: Path, found: Harvest, strict: bool = True) -> Imported:
    """Results as checked points: series by model and benchmark, modes by effort.

    Args:
        strict: whether one result that no point may be refuses all; else it is left out.

    Raises:
        SpecError: no result is left, or values that no point may have, all of them.
    """
    if not found.rows:
        raise SpecError(f"{path}: no result with model, score and compute{_left(found.left)}")
    with_effort = {(row["model"], row["benchmark"]) for row in found.rows if row["setting"]}
    units: dict[tuple[str, str], set[str]] = {}
    for row in found.rows:
        units.setdefault((row["model"], row["benchmark"]), set()).add(row["compute_unit"])
    points: dict[tuple[Any, ...], dict[str, Any]] = {}
    mistakes, again = Mistakes(), 0
    for row in found.rows:
        where, group = row.pop("where"), row.pop("group", "")
        row["mode"] = "non-thinking" if row["setting"] in NON_THINKING else "thinking"
        if not row["setting"] and (row["model"], row["benchmark"]) in with_effort:
            row["outlier"] = True
            row["reason"] = "setting not stated beside rows that state it"
        parts = [path.stem, row["model"], row["benchmark"], group]
        if len(units[row["model"], row["benchmark"]]) > 1:
            parts.append(row["compute_unit"])
        label = "/".join(filter(None, parts))
        row |= {"series": label, "family": family_of(row["model"]), "regime": "inference"}
        with mistakes.gather():
            point = validate({k: v for k, v in row.items() if v is not None}, Point, where)
            key = (label, point.model, point.setting, math.log10(point.compute), point.score)
            again += key in points
            points.setdefault(key, dict(point))
    notes = list(found.notes)
    if mistakes.lines and points and not strict:
        notes.append(
            f"left out: {len(mistakes.lines)} results that no point may be: {mistakes.lines[0]}"
        )
    else:
        mistakes.tell()
    if found.left:
        notes.append(f"left out{_left(found.left)}")
    if again:
        notes.append(f"{again} results repeat others and are left out")
    singles = Counter(point["series"] for point in points.values())
    if number := sum(times == 1 for times in singles.values()):
        notes.append(f"{number} of {len(singles)} series have a single point and carry no slope")
    table = pd.DataFrame(list(points.values()), columns=list(Point.model_fields))
    source = Source(
        title=printable(found.title) or path.stem,
        publisher=printable(found.publisher),
        date="",
        url=printable(found.url),
        figure=printable(path.name),
        terms=found.terms,
        method="raw",
    )
    return Imported(table.astype({"n_questions": "Int64"}), source, tuple(notes))


def _left(left: Counter[str]) -> str:
    """What was left out and why, as the end of a sentence."""
    told = "; ".join(f"{number} {reason}" for reason, number in left.most_common(8))
    return f": {told}" if told else ""


def save(points: pd.DataFrame, source: Source, folder: Path, name: str) -> Path:
    """Write `name`.csv and its table in sources.toml to an evidence folder; nothing is replaced.

    What is written passes `points check`, beside what the folder holds.

    Raises:
        SpecError: a bad name, the file or the table exists already, or points that contradict
            others.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
        raise SpecError(f"{name!r}: expected a name of letters, digits, - and _ (--name)")
    root = points_root(folder)
    path, table = root / f"{name}.csv", folder / "sources.toml"
    known = read_text(table) if table.is_file() else ""
    if path.exists() or (known and name in read_toml(table)):
        raise SpecError(f"{path}: exists already; expected a new name (--name)")
    text = inert.table(points).to_csv(index=False, lineterminator="\n")
    with tempfile.TemporaryDirectory() as staged:
        trial = Path(staged) / path.name
        trial.write_text(text, encoding="utf-8")
        rows = [row | {"file": str(path)} for row in read_points(trial)]
    own = Folder(folder, points=rows)
    for file in sorted(root.glob("*.csv")) if root.is_dir() else []:
        own.points += read_points(file)
    check_across([read_folder(data_path()), own])
    fields = source.model_dump(exclude_defaults=True)
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    write_atomic(path, text)
    write_atomic(table, known + "\n".join(["", f"[{name}]", *lines, ""]))
    return path
