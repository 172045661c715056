"""What answers what a user said: the run, the scenario, and the gear from one to the other.

`answering` is the one way in, for every command and for pages: it gives headline draws, constants,
arguments of the question, and how they came about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tenfold.answers.constants import load_constants
from tenfold.files import Mistakes, SpecError, data_path, did_you_mean
from tenfold.kept import kept
from tenfold.posterior import priors as prior_table
from tenfold.posterior.scenario import READ_BY_ANSWERS, Scenario, load_scenarios
from tenfold.runs import store
from tenfold.scenarios import changes, gears, tables
from tenfold.scenarios.material import material
from tenfold.scenarios.said import BASE, Said, in_file
from tenfold.spec import validate


def answering(
    said: Said,
    run: store.Run,
    runs: Path,
    depends: gears.Depends | None = None,
    say: Callable[[str], None] = lambda text: None,
    fit: bool = True,
) -> gears.Answering:
    """What answers, from a stored run: that of the one scenario named, or the base's.

    Args:
        runs: where refits are kept.
        depends, fit: as `gears.apply` has them.

    Raises:
        gears.NeedsFit: as `gears.apply`.
        SpecError: every mistake in what was said, a line each; as `gears.apply`.
    """
    wanted = scenario_of(said, run)
    gear: Any = said.gear
    if gear is not None and gear not in changes.GEARS[1:]:
        raise SpecError(f"--gear {gear}: unknown{did_you_mean(gear, list(changes.GEARS[1:]))}")
    name = said.one if said.one and not said.changes else gears.AD_HOC
    return gears.apply(run, wanted, runs, name, gear, depends, say, fit)


def fitted(said: Said, runs: Path) -> store.Run | None:
    """The newest run of the one scenario that was named, where it is another than the base."""
    name = said.one
    if name in (None, BASE) or not store.pointer_of(runs, name).is_file():
        return None
    return store.latest(runs, name)


def scenario_of(said: Said, run: store.Run) -> Scenario:
    """What was said, as a whole scenario on top of that of a run.

    Raises:
        SpecError: every mistake, a line each.
    """
    mistakes = Mistakes()
    patches: list[dict[str, Any]] = []
    with mistakes.gather():
        patches += chosen(said, run.info["scenario"])
    with mistakes.gather():
        priors = {**kept(prior_table.load, data_path("priors.toml")), **material(run).fitted.priors}
        changed = (said.sets, said.drops, said.onlys, said.forms)
        extra = tables.tables(*changed, load_constants(), priors)
        patches.append(extra)
    with mistakes.gather():
        _choose_once(patches)
    mistakes.tell()
    return validate(merged(run.info["spec"], *patches), Scenario, str(said))


def _choose_once(patches: list[dict[str, Any]]) -> None:
    """Refuses changes of which two choose evidence by the same key."""
    known: dict[str, list[str]] = {}
    for patch in patches:
        for key, patterns in patch.get("points", {}).get("include", {}).items():
            if known.setdefault(key, patterns) != patterns:
                raise SpecError(
                    f"points.include.{key}: chosen twice, by {known[key]} and by {patterns}; "
                    "expected one choice"
                )


def chosen(said: Said, fitted: str = BASE) -> list[dict[str, Any]]:
    """Tables of the scenarios named: all that they state, parents included.

    Of the one that a run was `fitted` for, only what answers read: the rest is in the run.

    Raises:
        SpecError: a name that there is not, or as `load_scenarios`.
    """
    found, mistakes = [], Mistakes()
    for name in dict.fromkeys((fitted, *said.scenarios)):
        with mistakes.gather():
            if in_file(name):
                found.append(of_file(name).model_dump(mode="json", exclude_unset=True))
                continue
            known = kept(load_scenarios, data_path("scenarios.toml"))
            if name not in known:
                if name == fitted:
                    continue  # a run of a scenario that is no more speaks for itself
                raise SpecError(f"no scenario {name!r}{did_you_mean(name, list(known))}")
            stated = known[name].model_dump(mode="json", exclude_unset=True)
            if name == fitted:
                stated = {key: stated[key] for key in READ_BY_ANSWERS & set(stated)}
            found.append(stated)
    mistakes.tell()
    return found


def of_file(name: str) -> Scenario:
    """The scenario of "FILE.toml", which holds one (besides `baseline`), or "FILE.toml:NAME".

    Raises:
        SpecError: several and none named; no such name; as `load_scenarios`.
    """
    path, _, wanted = name.partition(".toml:")
    file = Path(path if path.endswith(".toml") else f"{path}.toml")
    known = load_scenarios(file)
    if wanted:
        if wanted not in known:
            raise SpecError(f"{file}: no scenario {wanted!r}{did_you_mean(wanted, list(known))}")
        return known[wanted]
    own = [each for each in known if each != BASE]
    if len(own) != 1:
        listed = ", ".join(f"{file}:{each}" for each in own) or "none"
        raise SpecError(f"{file}: {len(own)} scenarios; expected one, or its name: {listed}")
    return known[own[0]]


def merged(base: Mapping[str, Any], *patches: Mapping[str, Any]) -> dict[str, Any]:
    """Tables one over another: the later one's word wins, what several leave out is left out."""
    found = dict(base)
    for patch in patches:
        for key, value in patch.items():
            before = found.get(key)
            if key == "exclude" and isinstance(before, dict):
                both = {k: [*before.get(k, []), *value.get(k, [])] for k in {**before, **value}}
                found[key] = {k: list(dict.fromkeys(patterns)) for k, patterns in both.items()}
            elif isinstance(value, dict) and isinstance(before, dict) and "family" not in value:
                found[key] = merged(before, value)
            else:
                found[key] = value
    return found
