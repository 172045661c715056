"""Fits in words: their gates, weights of curve forms, and how scenarios move the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenfold.words.numbers import count, figures, fixed, gate_value, quantile
from tenfold.words.tables import Table

if TYPE_CHECKING:
    from tenfold.runs.shelf import Entry


def gates(path: str, listed: Iterable[Mapping[str, Any]]) -> Table:
    """The gates of the run in `path`, as `run.json` has them."""
    columns = ("gate", "status", "value", "threshold", "detail")
    rows = [
        (
            gate["name"],
            gate["status"],
            gate_value(gate["value"]),
            figures(gate["threshold"]),
            gate["detail"],
        )
        for gate in listed
    ]
    return f"Gates of {path}", columns, rows


def basis(about: Mapping[str, Any]) -> str:
    """What an answer rests on, and of when that is."""
    spoken = about["edition"] or f"run {about['run']}"
    until = about["evidence_until"]
    evidence = f" to evidence up to {until}" if until else ""
    return (
        f"{spoken[0].upper()}{spoken[1:]}, fitted {about['fitted']}{evidence}; "
        f"constants as of {about['constants_as_of']}."
    )


def weights(forms: Sequence[str], found: Mapping[str, float]) -> str:
    """The weight of each curve form, one line."""
    listed = ", ".join(f"{form} {fixed(found.get(form, 0.0), 2)}" for form in forms)
    return f"curve forms and their weights: {listed}"


def scenarios(found: Mapping[str, Any]) -> Table:
    """The table of `tenfold scenarios --fit`."""
    ends = ("5%", "50%", "95%")
    columns = (
        "scenario",
        "form",
        *(f"{name}{end}" for name, end in zip(("exchange rate, ", "", ""), ends, strict=True)),
        *(f"{name}{end}" for name, end in zip(("RL OOMs, ", "", ""), ends, strict=True)),
        "gates",
    )
    rows = [
        (
            name,
            form,
            *(
                quantile({"unit": "OOM", "scale": "linear"} | row[key], end)
                for key in ("exchange_rate", "rl_jump_ooms")
                for end in ("p05", "p50", "p95")
            ),
            row["status"],
        )
        for name, entry in found["scenarios"].items()
        for form, row in entry["forms"].items()
    ]
    return "How the answer moves (equal-tailed 90% intervals)", columns, rows


def runs(path: str, listed: Sequence[Entry]) -> Table:
    """The runs in the folder `path`."""
    columns = ("run", "fitted", "gates", "newest", "MB", "evidence", "changed since")
    rows = []
    for entry in listed:
        record = run_record(entry)
        fitted = str(record["created"]).removesuffix("+00:00").replace("T", " ")
        own = ", ".join(record["own_evidence"]) or "shipped"
        changed = ", ".join(entry.changed) if entry.run else "cannot be read"
        newest = "yes" if entry.newest else ""
        size = megabytes(entry.size)
        rows.append((entry.path.name, fitted, record["gates"], newest, size, own, changed))
    total = megabytes(sum(entry.size for entry in listed))
    some = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
    return f"{some} in {path}, {total} MB", columns, rows


def run_record(entry: Entry) -> dict[str, Any]:
    """A run of a folder for programs."""
    info = entry.run.info if entry.run else {}
    own = {name.split("/")[0] for name in info.get("evidence", {}) if name[0].isdigit()}
    return {
        "run": str(entry.path),
        "scenario": info.get("scenario"),
        "created": info.get("created", ""),
        "gates": info.get("status", ""),
        "own_evidence": sorted(name.split(":")[1] for name in own if ":" in name),
        "newest": entry.newest,
        "bytes": entry.size,
        "changed": list(entry.changed),
        "trouble": entry.trouble or None,
    }


def why_stale(name: str, changes: Mapping[str, Sequence[str]]) -> list[str]:
    """What a run rests on that changed since, a line for each kind."""
    if not changes:
        return [f"{name} is current: nothing that it rests on has changed"]
    lines = [f"{kind}: {', '.join(names)}" for kind, names in changes.items()]
    return [f"{name} was fitted before these changed", *lines]


def pruned(listed: Sequence[Entry], deleted: bool) -> list[str]:
    """What pruning deletes, or would."""
    size = megabytes(sum(entry.size for entry in listed))
    done = "deleted" if deleted else "would go; --yes deletes"
    lines = [f"{entry.path}: {megabytes(entry.size)} MB" for entry in listed]
    return [*lines, f"{len(listed)} runs, {size} MB: {done}" if listed else "nothing to delete"]


def megabytes(size: int) -> str:
    """Millions of bytes, rounded up."""
    return count(-(-size // 1_000_000))
