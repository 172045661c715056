"""A baseline run of one's own: a TOML file with what is known, the rest from generic constants."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from tenfold import units
from tenfold.answers.constants import BASELINE_UNITS, Constant, Constants, Distribution
from tenfold.files import SpecError
from tenfold.spec import Strict, load_toml, validate

PREFIX = "OWN_"
GENERIC = {
    "rl_utilisation": "RL_UTIL",
    "gpu_throughput": "F_EFF_G4",
    "duration": "D_RUN",
    "gpu_power": "KW_FAC",
    "gpu_hour_price": "GPUH",
}
"""What stands in, with its error, for what the file does not say."""

PAIRS = (
    ("gpu_hours", "gpu_throughput"),
    ("gpus", "duration"),
    ("energy", "gpu_power"),
    ("cost", "gpu_hour_price"),
)


class Amount(Strict):
    """5%, 50% and 95% of a quantity; an exact one may be given by `central` alone."""

    central: float
    low: float | None = None
    high: float | None = None
    unit: str
    distribution: Distribution = "lognormal"

    @model_validator(mode="after")
    def _both_ends(self) -> Amount:
        if (self.low is None) != (self.high is None):
            raise ValueError("expected both `low` and `high`, or neither")
        units.parse(self.unit)
        return self

    def constant(self, field: str, year: float, source: str) -> dict[str, Any]:
        """The same as a row of `constants.toml`."""
        low = self.central if self.low is None else self.low
        high = self.central if self.high is None else self.high
        exact = low == high
        return {
            "name": f"{source}, {field}",
            "low": low,
            "central": self.central,
            "high": high,
            "distribution": "point" if exact else self.distribution,
            "unit": self.unit,
            "year": int(year),
            "source": source,
            "reference": source,
            "quote": "",
            "confidence": "medium",
        }


class OwnBaseline(Strict):
    """A baseline file: `title`, `year`, and any of the quantities, each an `Amount`.

    FLOP (of all training or of pre-training) or GPU-hours are needed; without an RL share, what
    others disclosed by that year speaks.
    """

    version: Literal[1]
    title: str = Field(min_length=1)
    year: float
    rl_share_basis: Literal["flop", "gpu_time"] = "flop"
    rl_share: Amount | None = None
    rl_utilisation: Amount | None = None
    training_flop: Amount | None = None
    pretraining_flop: Amount | None = None
    gpu_hours: Amount | None = None
    gpu_throughput: Amount | None = None
    gpus: Amount | None = None
    duration: Amount | None = None
    energy: Amount | None = None
    gpu_power: Amount | None = None
    cost: Amount | None = None
    gpu_hour_price: Amount | None = None
    water: Amount | None = None
    emissions: Amount | None = None
    datacentre_cost: Amount | None = None

    @model_validator(mode="after")
    def _enough(self) -> OwnBaseline:
        if not (self.training_flop or self.pretraining_flop or self.gpu_hours):
            raise ValueError("expected `training_flop`, `pretraining_flop` or `gpu_hours`")
        for field, unit in BASELINE_UNITS.items():
            amount = getattr(self, field)
            if amount and not units.compatible(amount.unit, unit):
                raise ValueError(f"{field}: got unit {amount.unit!r}; expected such as {unit}")
        return self


def with_own(constants: Constants, path: Path) -> tuple[Constants, str]:
    """Constants with the baseline of a file, under the file's name without its ending.

    Raises:
        SpecError: a name that is taken; one line with file, key, value and what was expected.
    """
    own, name = load_toml(path, OwnBaseline), path.stem
    if name in constants.baseline:
        raise SpecError(f"{path}: there is a baseline {name!r} already; rename the file")
    tables = constants.model_dump()
    fields: dict[str, str] = {}
    for field in BASELINE_UNITS:
        amount = getattr(own, field)
        if amount:
            fields[field] = f"{PREFIX}{field.upper()}"
            tables["constant"][fields[field]] = amount.constant(field, own.year, str(path))
    if "training_flop" not in fields and "pretraining_flop" not in fields:
        # Operations are what the GPU-hours come to at the throughput given, or a generic one.
        speed = fields.pop("gpu_throughput", GENERIC["gpu_throughput"])
        tables["constant"][f"{PREFIX}FLOP"] = _product(
            tables["constant"], fields["gpu_hours"], speed
        )
        fields["training_flop"] = f"{PREFIX}FLOP"
    for one, other in PAIRS:
        if one not in fields:
            fields.setdefault(other, GENERIC[other])
    fields.setdefault("rl_utilisation", GENERIC["rl_utilisation"])
    about = {"title": own.title, "year": own.year, "rl_share_basis": own.rl_share_basis}
    tables["baseline"][name] = about | fields | {"reason": f"read from {path}"}
    return validate(tables, Constants, str(path)), name


def _product(known: dict[str, Any], hours: str, speed: str) -> dict[str, Any]:
    """FLOP as a constant whose draws are GPU-hours times throughput."""
    parts = [Constant.model_validate(known[name]) for name in (hours, speed)]
    factor = 10 ** units.log10_factor(
        units.parse(parts[0].unit) * units.parse(parts[1].unit), units.parse("FLOP")
    )
    low, central, high = (
        factor * getattr(parts[0], end) * getattr(parts[1], end)
        for end in ("low", "central", "high")
    )
    return known[hours] | {
        "name": "FLOP of the GPU-hours",
        "unit": "FLOP",
        "low": low,
        "central": central,
        "high": high,
        "distribution": "point" if low == high else "lognormal",
        "numerator": (hours, speed),
    }
