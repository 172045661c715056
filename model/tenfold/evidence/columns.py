"""Columns of every evidence table: what each may say, and what it becomes in memory.

`data/README.md` describes every column for people.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from tenfold.evidence import numbers
from tenfold.spec import Strict

Regime = Literal["rl", "inference"]
Unit = Literal["tokens", "usd", "gpu_hours", "flop", "rollout_tokens", "steps", "relative"]
AxisStart = Literal["base", "tuned", "rl"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
UNITS: tuple[Unit, ...] = get_args(Unit)
SERIES: dict[str, type] = {
    "benchmark": str,
    "family": str,
    "regime": str,
    "unit": str,
    "source": str,
    "publication": str,
    "run": str,
    "axis_start": str,
    "active_params_b": float,
    "log10_pretraining_compute": float,
    "start_score": float,
    "start_score_se": float,
}
"""What all points of a series have in common, and its type; "" and NaN mean not stated."""
COLUMN = {
    "unit": "compute_unit",
    "log10_pretraining_compute": "pretraining_compute",
}
"""Columns whose name in a file is not that of the variable in memory."""
SHARED = (
    "benchmark",
    "family",
    "regime",
    "unit",
    "source",
    "run",
    "axis_start",
    "active_params_b",
    "log10_pretraining_compute",
)
"""What every row of a series must repeat."""


OBS: dict[str, type] = {
    "log10_compute": float,
    "log10_compute_se": float,
    "score": float,
    "score_se": float,
    "non_thinking": bool,
    "n_questions": int,
    "n_samples": float,
    "outlier": bool,
    "source": str,
    "row": int,
    "setting": str,
    "model": str,
    "reason": str,
    "pixel_x": float,
    "pixel_y": float,
    "compute_group": str,
}
"""Variables of a point and their types; 0 questions and NaN mean not stated."""


MIN_SE = 1e-6
"""Smallest standard error of a score: that of 10^11 questions."""
MOST = 1_000_000_000
"""Most questions or samples."""


def _line(text: str) -> str:
    if not text.isprintable():
        odd = next(sign for sign in text if not sign.isprintable())
        raise ValueError(f"expected text without control characters; it holds U+{ord(odd):04X}")
    return text


Line = Annotated[str, Field(max_length=1000), AfterValidator(_line)]
"""Free text, possibly empty, on one line."""
Ooms = Annotated[float, Field(ge=-100, le=100)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
OptionalLabel = Literal[""] | Label


class Row(Strict):
    """A row of a CSV table, whose cells are text until they are validated."""

    model_config = ConfigDict(strict=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_plain(cls, value: Any, info: ValidationInfo) -> Any:
        if info.field_name in cls._numbers() and isinstance(value, str):
            numbers.plain(value)  # says what to write; the text itself is shown in messages
        return value

    @classmethod
    @cache
    def _numbers(cls) -> frozenset[str]:
        """Names of the columns that hold numbers."""
        kinds = {name: item.annotation for name, item in cls.model_fields.items()}
        return frozenset(k for k, kind in kinds.items() if {kind, *get_args(kind)} & {int, float})


class Point(Row):
    """One row of a points file: one (compute, score) pair."""

    series: Label
    family: Label
    model: Label
    setting: Line = ""
    mode: Literal["thinking", "non-thinking"]
    benchmark: Label
    regime: Regime
    compute_unit: Unit
    compute: float = Field(ge=0)
    log10_compute_se: float = Field(default=0.0, ge=0, le=10)
    score: float = Field(ge=0, le=1)
    score_se: float | None = Field(default=None, ge=MIN_SE, le=1)
    n_questions: int | None = Field(default=None, ge=1, le=MOST)
    n_samples: float | None = Field(default=None, gt=0, le=MOST)
    pixel_x: float | None = None
    pixel_y: float | None = None
    outlier: bool = False
    reason: Line = ""
    run: OptionalLabel = ""
    axis_start: AxisStart | None = None
    active_params_b: float | None = Field(default=None, gt=0)
    pretraining_compute: float | None = Field(default=None, gt=0)
    compute_group: OptionalLabel = ""

    @field_validator("compute")
    @classmethod
    def _starts_at_zero_in_rl_alone(cls, value: float, info: ValidationInfo) -> float:
        if value == 0 and info.data.get("regime") == "inference":
            raise ValueError("expected more than 0 (0 is the score before a run of RL)")
        return value

    @field_validator("axis_start", "pretraining_compute")
    @classmethod
    def _describes_rl(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("regime") == "inference":
            raise ValueError("expected nothing: it describes a run of RL")
        return value


class Source(Strict):
    """One table of `sources.toml`: where the numbers of one file come from."""

    title: Line
    publisher: Line
    date: Line
    url: Line
    figure: Line
    terms: Line
    method: Literal["digitised", "tabulated", "raw", "quoted"]
    publication: Label | None = None
    calibration: Line = ""
    log10_axis_scale_se: float = Field(default=0.0, ge=0, le=10)
    outlier_rule: Line = "none flagged"
    note: Line = ""
    file: Line | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Benchmark(Strict):
    """Chance level and number of questions of a benchmark; 0 questions: not known."""

    floor: float = Field(ge=0, lt=1)
    questions: int = Field(ge=0, le=MOST)
    reason: Line


class Shift(Row):
    """A generation shift: tokens saved at equal score after a step of RL, both in OOMs.

    Rows of one `rl_step` share the error of its size. `reading` tells whose the saving is: computed
    from published points, stated by the maker, or read off a chart by the essay's author.
    """

    shift: Label
    benchmark: Label
    benchmarks: int | None = Field(default=None, ge=1, le=1000)
    rl_step: OptionalLabel = ""
    rl_ooms: Ooms | None = None
    rl_ooms_se: float | None = Field(default=None, ge=MIN_SE, le=100)
    shift_ooms: Ooms | None = None
    shift_ooms_se: float | None = Field(default=None, ge=MIN_SE, le=100)
    reading: Literal["computed", "maker", "essay"]
    use: bool
    publication: Label
    source: Line
    url: Line
    reason: Line

    @field_validator("use")
    @classmethod
    def _is_whole(cls, value: bool, info: ValidationInfo) -> bool:
        return _whole(value, info, "rl_ooms", "rl_ooms_se", "shift_ooms", "shift_ooms_se")


class Tradeoff(Row):
    """Inference OOMs per training OOM at equal performance, for one technique.

    Inference is that of one fixed model, in samples or tokens. A ratio that is printed in FLOP
    leaves out that the fixed model is smaller than the one it equals: `size_per_training` adds it.
    """

    tradeoff: Label
    direction: Literal["raises", "saves"]
    counts: Literal["samples", "flop", "not stated"]
    printed: float | None = Field(default=None, ge=MIN_SE, le=1e6)
    size_per_training: float = Field(default=0.0, ge=0, le=100)
    inference_per_training_se_log: float | None = Field(default=None, ge=MIN_SE, le=100)
    use: bool
    publication: Label
    source: Line
    url: Line
    reason: Line

    @field_validator("use")
    @classmethod
    def _is_whole(cls, value: bool, info: ValidationInfo) -> bool:
        return _whole(value, info, "printed", "inference_per_training_se_log")

    @property
    def inference_per_training(self) -> float:
        """Inference OOMs of one fixed model per training OOM; NaN where nothing is printed."""
        return math.nan if self.printed is None else self.printed + self.size_per_training


def _whole(use: bool, info: ValidationInfo, *names: str) -> bool:
    if use and (empty := [name for name in names if info.data.get(name, 0) is None]):
        raise ValueError(
            f"expected false while {', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty"
        )
    return use


class Overlap(Row):
    """Two series, or patterns of their labels, that hold in part the same runs or the same answers.

    `counts`: "both", or "other" where only the other one counts when both are there.
    """

    series: Label
    other: Label
    counts: Literal["both", "other"]
    reason: Line


class GptLevel(Row):
    """Training compute of one GPT generation, FLOP at 5, 50 and 95%."""

    gpt: Label
    flop_low: float = Field(gt=0)
    flop: float = Field(gt=0)
    flop_high: float = Field(gt=0)
    year: int = Field(ge=1900, le=2200)
    source: Line
    url: Line
    reason: Line


class RlShare(Row):
    """RL compute over pre-training compute of one model; FLOP and GPU-hours where known."""

    model: Label
    date: Line
    pretrain_flop: float | None = Field(default=None, gt=0)
    rl_flop: float | None = Field(default=None, gt=0)
    pretrain_gpu_hours: float | None = Field(default=None, gt=0)
    rl_gpu_hours: float | None = Field(default=None, gt=0)
    rl_share_low: float | None = Field(default=None, ge=0)
    rl_share: float | None = Field(default=None, ge=0)
    rl_share_high: float | None = Field(default=None, ge=0)
    basis: Literal["FLOP", "GPU-hours", "cost", "statement", "assumption", "none"]
    kind: Literal["disclosed", "estimate", "statement", "assumption", "not disclosed"]
    confidence: Literal["high", "medium", "low"]
    source: Line
    url: Line
    quote: Line = ""
    reason: Line
    publication: Line
    role: Literal["share", "lower bound", "not counted"]


class Quoted(Row):
    """A number quoted from a chart or text without the compute that would make it a point."""

    source: Label
    model: Label
    benchmark: str = ""
    quantity: Line
    value: float
    unit: Literal["share", "ratio", "USD"]
    reason: Line = ""
