"""What an Every Eval Ever record holds, as far as it is read; null is the same as absent."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from tenfold.evidence.foreign import Foreign


def mapping(value: Any) -> Any:
    """A table, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


Details = Annotated[dict[str, Any], BeforeValidator(mapping)]
"""Free-form details; schema 0.1 has text in their place."""


def _odd_is_absent(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


Odd = WrapValidator(_odd_is_absent)
"""For what a result can do without: an error follows from the questions as well."""


class Se(Foreign):
    """A standard error, on the scale of the score; a bare number or a table."""

    value: float = Field(ge=0)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"value": value}


class Interval(Foreign):
    """A confidence interval, on the scale of the score."""

    lower: float
    upper: float
    confidence_level: float = Field(default=0.95, gt=0, lt=100)

    @model_validator(mode="after")
    def _rises(self) -> Interval:
        if not self.lower < self.upper or self.level >= 1:
            raise ValueError("expected lower < upper, at a level below 1")
        return self

    @property
    def level(self) -> float:
        """The level as a share: some write 95."""
        return self.confidence_level / (1 if self.confidence_level <= 1 else 100)


class Uncertainty(Foreign):
    """What is known of the error of a score."""

    standard_error: Annotated[Se | None, Odd] = None
    confidence_interval: Annotated[Interval | None, Odd] = None
    num_samples: Annotated[int | None, Field(ge=1), Odd] = None


class Score(Foreign):
    """A score and what is said about it."""

    score: float
    details: Details = {}
    uncertainty: Annotated[Uncertainty, BeforeValidator(mapping)] = Uncertainty()


class Metric(Foreign):
    """What a score measures."""

    lower_is_better: bool
    metric_id: str = ""
    metric_name: str = ""
    metric_kind: str = ""
    metric_unit: str = ""


class Agentic(Foreign):
    """The agent that a model ran in."""

    additional_details: Details = {}


class Args(Foreign):
    """Arguments of the generation."""

    reasoning: Any = None
    agentic_eval_config: Annotated[Agentic, BeforeValidator(mapping)] = Agentic()


class Generation(Foreign):
    """How answers were generated."""

    generation_args: Annotated[Args, BeforeValidator(mapping)] = Args()
    additional_details: Details = {}


class Data(Foreign):
    """The questions."""

    samples_number: Annotated[int | None, Field(ge=1), Odd] = None
    additional_details: Details = {}


class Result(Foreign):
    """One result of a record."""

    evaluation_name: str
    source_data: Annotated[Data, BeforeValidator(mapping)] = Data()
    metric_config: Metric
    score_details: Score
    generation_config: Annotated[Generation, BeforeValidator(mapping)] = Generation()


class Model(Foreign):
    """The model of a record, by its name or else the end of its id."""

    name: str
    additional_details: Details = {}

    @model_validator(mode="before")
    @classmethod
    def _or_its_id(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name") and isinstance(value.get("id"), str):
            return value | {"name": value["id"].rpartition("/")[2]}
        return value
