"""Words of the explorer that are not those of an answer."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.words.numbers import figures, fixed

LABELS = {
    "exchange_rate": "RL OOMs per inference OOM",
    "inference_jump_ooms": "The jump by inference alone",
    "rl_jump_ooms": "The jump by RL alone",
    "training_multiplier": "Training compute, multiplied by",
    "years_of_world_electricity": "As much as the world generates in",
    "first_year": "First year affordable on trend",
}
"""Titles that hold whatever the jump is; other quantities keep theirs."""


def techniques(essay: float, rows: Iterable[tuple[str, str, float]]) -> list[tuple[str, str]]:
    """Choices for inference per training: value of the control, and what it says.

    Args:
        essay: the essay's value. rows: publication, technique and value of the evidence.
    """
    found = {
        "next": "the next technique (posterior)",
        "typical": "a typical technique (posterior)",
        figures(essay): f"the essay: {fixed(essay, 1)}",
    }
    for publication, technique, value in rows:
        found.setdefault(figures(value), f"{publication}: {technique} ({fixed(value, 2)})")
    return list(found.items())
