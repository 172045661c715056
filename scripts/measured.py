"""What `benchmark.py` and `scaling.py` compare: parameters, their statistics, memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.curves import CEILINGS

DIMS = {
    "log_slope_mean": "regime", "unit_offset": "free_unit", "benchmark_sd": "", "cell_sd": "",
    "family_sd": "", "series_sd": "", "exchange_rate": "", "intercept_mean": "regime",
    "intercept_cell_sd": "", "intercept_sd": "", "thinking_shift_mean": "", "thinking_shift_sd": "",
    "lambda": "", "sigma": "regime", "nu": "", "log_inference_per_training_mean": "",
    "inference_per_training_sd": "", "gpt_level_mean": "", "gpt_level_sd": "",
    "ceiling_mean": "regime", "ceiling_sd": "regime", "intercept": "curve", "log_slope": "curve",
}  # fmt: skip
"""Parameters that are compared, and the dimension of each. The lower levels are last."""
LOWER = ("intercept", "log_slope")


def dims(form: str) -> dict[str, str]:
    """The parameters of a form that are compared, with their dimensions."""
    return {k: v for k, v in DIMS.items() if form in CEILINGS or not k.startswith("ceiling")}


def top_level(names: dict[str, str]) -> dict[str, str]:
    """Those above the cells and series."""
    return {k: v for k, v in names.items() if k not in LOWER}


def labels(points: Any) -> dict[str, list[str]]:
    """Labels of every dimension in the order of the reference model."""
    from tenfold.posterior import structure

    benchmark, regime = points["series_benchmark"].values, points["series_regime"].values
    cells = dict.fromkeys(f"{b} / {r}" for b, r in zip(benchmark, regime, strict=True))
    return {
        "regime": ["rl", "inference"],
        "free_unit": [
            u for u in points["unit"].values.tolist() if u not in structure.REFERENCE_UNITS
        ],
        "cell": list(cells),
        "curve": points["series"].values[structure.curves(points)].tolist(),
    }


def diagnose(draws: np.ndarray) -> dict[str, np.ndarray]:
    """Bulk ESS, R-hat, mean and its standard error of every column of (chain, draw, column)."""
    from arviz_stats.base import array

    stats: Any = array.array_stats  # its annotations say that it takes lists of integers
    axes: dict[str, Any] = {"chain_axis": 0, "draw_axis": 1}
    return {
        "ess": np.nan_to_num(stats.ess(draws, method="bulk", **axes)),
        "rhat": np.asarray(stats.rhat(draws, **axes)),
        "mean": draws.mean(axis=(0, 1)),
        "mcse": np.asarray(stats.mcse(draws, method="mean", **axes)),
    }


def memory(pid: int) -> float:
    """Memory of a process and its descendants, shared pages counted once, GiB (Linux)."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            own, rest = path.read_text().rsplit(")", 1)
        except OSError:
            continue
        parents.setdefault(int(rest.split()[1]), []).append(int(own.split()[0]))
    total, waiting = 0, [pid]
    while waiting:
        own = waiting.pop()
        waiting += parents.get(own, [])
        try:
            text = Path(f"/proc/{own}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(n) for n in re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE))
    return total / 2**20
