"""Files of scenarios of one's own: a commented one to begin with, and every mistake of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenfold.answers.constants import load_constants
from tenfold.answers.question import Question, under
from tenfold.files import Mistakes, SpecError, write_atomic
from tenfold.posterior.scenario import Scenario, load_scenarios
from tenfold.scenarios import stated
from tenfold.scenarios.answering import merged
from tenfold.scenarios.changes import Changes, Fitted, changes
from tenfold.scenarios.said import BASE
from tenfold.spec import validate

TEMPLATE = """\
# A scenario of your own: what differs from the baseline, and why. Every line that begins with # is
# an example: take the # away and change it. `tenfold scenarios check FILE.toml` names every
# mistake; `tenfold jump --scenario FILE.toml` answers.

version = 1

[scenario.mine]
reason = "Jones's trade-off, and as much RL as pre-training in the run that is scaled"
# extends = "frontier-rl"           # one that ships (`tenfold scenarios list`), or another one here
# fixed_tokens = true               # RL slopes at a fixed token budget
# question = { reading = "whole" }  # arguments of every question: date, budget_share, ...

# Numbers stated outright, as 5%, 50% and 95% quantiles: no refit.
# exchange_rate, inference_per_training, gpt_level_ooms
[scenario.mine.values]
inference_per_training = { low = 1.0, central = 1.2, high = 1.5 }

# Fields of a training run of constants.toml, each in its unit (data/README.md).
[scenario.mine.baselines.grok-4]
rl_share = { low = 1.0, central = 1.0, high = 1.0 }

# Any constant of constants.toml, in its own unit.
# [scenario.mine.constants]
# WE25 = { low = 31000, central = 31800, high = 32600 }

# A prior, by hyperparameters or by quantiles that its family is matched to.
# [scenario.mine.priors.cell_sd]
# family = "half_normal"
# sigma = 0.6
# unit = "log slope"
# reason = "benchmarks differ more"

# Evidence that is left out (exclude) or kept alone (include), by source, publication, series,
# benchmark, family, regime, unit, axis_start, model, mode, shift or tradeoff.
# [scenario.mine.points]
# exclude = { source = ["tan2025"] }
# reading_error_scale = 2.0

# Structure of the model: curve forms, and what is switched off.
# [scenario.mine.model]
# forms = ["saturating"]
# drift = false
"""


@dataclass(frozen=True)
class Checked:
    """A scenario of a file, and what it changes in the baseline."""

    scenario: Scenario
    changes: Changes


def new(path: Path) -> None:
    """Write a commented file that runs as it is.

    Raises:
        SpecError: there is a file of that name, or it cannot be written.
    """
    if path.suffix != ".toml":
        raise SpecError(f"{path}: expected a name that ends in .toml")
    if path.exists():
        raise SpecError(f"{path}: there is a file of that name already")
    write_atomic(path, TEMPLATE.replace("FILE.toml", str(path)))


def check(path: Path) -> Mapping[str, Checked]:
    """Every scenario of a file with the gears that it takes on a run of the baseline.

    Raises:
        SpecError: every mistake in the file, a line each.
    """
    base = load_scenarios()[BASE]
    fitted, found = Fitted.of_today(base), {}
    mistakes = Mistakes()
    for name, scenario in load_scenarios(path).items():
        own = Mistakes()
        with own.gather():
            tables = merged(
                base.model_dump(mode="json"),
                scenario.model_dump(mode="json", exclude_unset=True),
            )
            whole = validate(tables, Scenario, f"scenario.{name}")
            with own.gather():
                found[name] = Checked(whole, changes(fitted, whole))
            with own.gather():
                patch = {key: value.model_dump() for key, value in whole.constants.items()}
                constants = load_constants().patched(patch, "constants")
                stated.in_baselines(constants, whole.baselines)
            with own.gather():
                stated.check(whole.values)
            with own.gather():
                under(Question(), whole.question)
        mistakes.lines += [f"{path}: scenario.{name}: {line}" for line in own.lines]
    mistakes.tell()
    return found
