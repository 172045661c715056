"""Fits in words: their gates, weights of curve forms, and how scenarios move the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenfold.words.numbers import figures, fixed, gate_value, quantile
from tenfold.words.tables import Table


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
