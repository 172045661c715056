"""Columns of every evidence table: what each may say, and what it becomes in memory.

`data/README.md` describes every column for people.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

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


def _printable(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("expected a non-empty label without control characters")
    return text


Label = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
OptionalLabel = Literal[""] | Label


class Row(Strict):
    """A row of a CSV table, whose cells are text until they are validated."""

    model_config = ConfigDict(strict=False)


class Point(Row):
    """One row of a points file: one (compute, score) pair."""

    series: Label
    family: Label
    model: Label
    setting: str = ""
    mode: Literal["thinking", "non-thinking"]
    benchmark: Label
    regime: Regime
    compute_unit: Unit
    compute: float = Field(ge=0)
    log10_compute_se: float = Field(default=0.0, ge=0, le=10)
    score: float = Field(ge=0, le=1)
    score_se: float | None = Field(default=None, gt=0, le=1)
    n_questions: int | None = Field(default=None, ge=1)
    n_samples: float | None = Field(default=None, gt=0)
    pixel_x: float | None = None
    pixel_y: float | None = None
    outlier: bool = False
    reason: str = ""
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

    title: str
    publisher: str
    date: str
    url: str
    figure: str
    terms: str
    method: Literal["digitised", "tabulated", "raw", "quoted"]
    publication: Label | None = None
    calibration: str = ""
    log10_axis_scale_se: float = Field(default=0.0, ge=0)
    outlier_rule: str = "none flagged"
    note: str = ""
    file: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Benchmark(Strict):
    """Chance level and number of questions of a benchmark; 0 questions: not known."""

    floor: float = Field(ge=0, lt=1)
    questions: int = Field(ge=0)
    reason: str


class Shift(Row):
    """A generation shift: tokens saved at equal score after a step of RL, both in OOMs."""

    shift: Label
    benchmark: Label
    rl_ooms: float
    rl_ooms_se: float = Field(gt=0)
    shift_ooms: float
    shift_ooms_se: float = Field(gt=0)
    use: bool
    source: str
    url: str
    reason: str


class Tradeoff(Row):
    """Inference OOMs per training OOM at equal performance, for one technique."""

    tradeoff: Label
    inference_per_training: float = Field(gt=0)
    inference_per_training_se_log: float = Field(gt=0)
    use: bool
    source: str
    url: str
    reason: str


class Overlap(Row):
    """Two series, or patterns of their labels, that hold in part the same runs or the same answers.

    `counts`: "both", or "other" where only the other one counts when both are there.
    """

    series: Label
    other: Label
    counts: Literal["both", "other"]
    reason: str


class GptLevel(Row):
    """Training compute of one GPT generation, FLOP at 5, 50 and 95%."""

    gpt: Label
    flop_low: float = Field(gt=0)
    flop: float = Field(gt=0)
    flop_high: float = Field(gt=0)
    year: int
    source: str
    url: str
    reason: str


class RlShare(Row):
    """RL compute over pre-training compute of one model; FLOP and GPU-hours where known."""

    model: Label
    date: str
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
    source: str
    url: str
    quote: str = ""
    reason: str
    publication: str
    role: Literal["share", "lower bound", "not counted"]


class Quoted(Row):
    """A number quoted from a chart or text without the compute that would make it a point."""

    source: Label
    model: Label
    benchmark: str = ""
    quantity: str
    value: float
    unit: Literal["share", "ratio", "USD"]
    reason: str = ""
