"""What a stored run rests on, held against what is there now."""

from __future__ import annotations

from typing import Any

from tenfold.evidence.audit import shipped_changes
from tenfold.posterior import priors as prior_table
from tenfold.posterior.scenario import Prior, Scenario, load_scenarios
from tenfold.runs import keys
from tenfold.runs.store import Run
from tenfold.spec import validate


def changes(run: Run, code: bool = True) -> dict[str, list[str]]:
    """What changed since a run was fitted, by kind; kinds without a change are left out.

    Sampler settings are a matter of the run, and evidence of the user's own is taken as recorded:
    where it came from is not; so is a scenario that does not ship: a what-if, a user's own. A
    record that can no longer be read counts as changed.

    Args:
        code: look at the code, too; of an edition its version tells.

    Returns:
        `evidence` (files), `priors` (names), `scenario` (keys) and, as modules, `code` that
        fitted it, the code that drew its `sample`, and the `checks` that judged it.
    """
    info = run.info

    def derived(kind: str) -> list[str]:
        return keys.changed(info["code"].get(kind, {}) if code else {})

    try:
        then = validate(info["spec"], Scenario, "spec")
        now = load_scenarios().get(info["scenario"], then)
        priors = {name: validate(table, Prior, name) for name, table in info["priors"].items()}
        today = prior_table.patched(prior_table.load(), now.priors, "scenario")
        found = {
            "evidence": shipped_changes(info["evidence"]),
            "priors": _differing(priors, today),
            "scenario": [
                f"{table}.{key}"
                for table in ("points", "model")
                for key in _differing(dict(getattr(then, table)), dict(getattr(now, table)))
            ],
            "code": derived("fit"),
            "sample": [*derived("sample"), *derived("series")],
            "checks": derived("gates"),
        }
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        return {"its inputs or code": [str(error)]}
    changed = set(found["code"])  # what fitted it also stands behind what was derived
    for kind in ("sample", "checks"):
        found[kind] = [name for name in dict.fromkeys(found[kind]) if name not in changed]
    return {kind: names for kind, names in found.items() if names}


def outdated(run: Run, code: bool = True) -> tuple[str, ...]:
    """The kinds of `changes`. Empty: the run is current."""
    return tuple(changes(run, code))


def _differing(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [name for name in {**then, **now} if then.get(name) != now.get(name)]
