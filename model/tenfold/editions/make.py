"""Making an edition of a run: what answers need of it, and tables of what it says."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from tenfold import __version__
from tenfold.answers import headline
from tenfold.answers.constants import load_constants
from tenfold.answers.quantiles import records
from tenfold.answers.question import Asked, Question
from tenfold.curves import Form
from tenfold.editions import shelf, tables
from tenfold.files import SpecError, did_you_mean
from tenfold.runs import netcdf, record, series, store
from tenfold.runs.build import Build
from tenfold.runs.store import Run, posterior_file
from tenfold.scenarios import table
from tenfold.unseen import predict

MOST_BYTES = 6_000_000
"""Largest headline sample of an edition; a larger one is thinned."""

DRAWS = 500
"""Draws of each form's posterior that are kept, of what is not in the sample."""

BITS = 13
"""Of the mantissa of parameters: a relative error of 1.2e-4 at most."""

STEPS = ("evidence", "model", "priors")
"""What a refit may take over from the new edition, in this order, the others being the old ones."""


def new(
    run: Run, name: str, folder: Path | None = None, refits: Mapping[str, Run] | None = None
) -> Path:
    """Freeze a run as the edition `name`; editions before it keep their tables alone.

    Args:
        folder: where editions lie; where those that ship lie unless given.
        refits: of `STEPS`, the run that has taken over what changed up to there since the edition
            before: evidence, then the model's code, then priors.

    Returns:
        The edition's folder.

    Raises:
        SpecError: a bad name, one that is taken or not the newest; a run that is not of the
            baseline or has failed; a refit of an unknown step.
    """
    folder = folder or shelf.home()
    before = shelf.names(folder)
    _check(run, name, before, refits or {})
    constants = load_constants()
    steps = tables.steps(folder, before[-1], run, constants, refits or {}) if before else {}
    with _made(folder / name) as part:
        info = dict(run.info) | {"files": {}, "unseen_weights": _unseen(run)}
        info["without_shifts"] = table.without_shifts(run, run.path.parent)
        info["edition"] = {"name": name, "made_by": __version__, "made": _now()}
        small = Build(Run(part, info), folder / name)
        step = keep_sample(small, run)
        keep_curves(small, run, step)
        for form in run.forms:
            keep_posterior(small, run, form, step)
        record.write(part / store.RECORD, small.run.info)
        asked = Asked(headline.of_run(store.load(part)), constants, Question())
        tables.write(part / shelf.TABLES, tables.frozen(info, constants, records(asked), steps))
    for other in before:
        for path in (folder / other).iterdir():
            if path.name != shelf.TABLES:
                path.unlink()
    return folder / name


def keep_sample(small: Build, run: Run) -> int:
    """Store the headline sample, of as many draws as fit: one in `step`, which is returned."""
    sample = run.group(netcdf.HEADLINE)
    step = 1
    while True:
        tree = xr.DataTree(sample.isel(draw=slice(None, None, step)))
        small.save(netcdf.HEADLINE, tree)
        size = small.run.info["files"][netcdf.HEADLINE]["bytes"]
        if size <= MOST_BYTES:
            return step
        step = max(step + 1, -(-size * step // MOST_BYTES))


def keep_curves(small: Build, run: Run, step: int) -> None:
    """Series' own parameters, as `keep_posterior` has them."""
    small.save(series.FILE, xr.DataTree(_few(run.group(series.FILE), step)))


def keep_posterior(small: Build, run: Run, form: Form, step: int) -> None:
    """What predictions read of a form's posterior: all that new series share, short.

    It has the draws of the sample, but a kept one stands for its neighbours, too, so that the file
    is small.
    """
    name = posterior_file(form)
    parts = {"posterior": _few(predict.shared(run.group(name, "posterior")), step)}
    if form == run.forms[0]:
        parts["constant_data"] = run.points
    small.save(name, xr.DataTree.from_dict(parts), form=form)


def _check(run: Run, name: str, before: list[str], refits: Mapping[str, Run]) -> None:
    if not shelf.NAME.fullmatch(name):
        raise SpecError(f"edition {name!r}: expected a month or a day, as 2026-11 or 2026-11-30")
    if before and name <= before[-1]:
        raise SpecError(f"edition {name!r}: expected one later than {before[-1]}")
    if run.info["scenario"] != store.BASE:
        raise SpecError(
            f"{run.path}: a run of {run.info['scenario']}; expected one of the baseline"
        )
    if run.info["status"] == "FAIL":
        raise SpecError(f"{run.path}: a gate failed; expected a run that passes (`tenfold check`)")
    if "edition" in run.info:
        raise SpecError(f"{run.path}: an edition itself; expected a run of `tenfold fit`")
    for step in refits:
        if step not in STEPS:
            raise SpecError(f"refit {step!r}: unknown step{did_you_mean(step, list(STEPS))}")
    if refits and not before:
        raise SpecError("refits say what moved since the edition before, and there is none")


def _few(draws: xr.Dataset, step: int) -> xr.Dataset:
    """Draws of which some stand for their neighbours, rounded."""
    found = draws.isel(draw=slice(None, None, step))
    n = found.sizes["draw"]
    stands = max(1, found.sizes["chain"] * n // DRAWS)
    found = found.isel(draw=np.arange(n) // stands * stands).assign_coords(draw=np.arange(n))
    return found.map(_rounded, keep_attrs=True)


def _rounded(values: xr.DataArray) -> xr.DataArray:
    """Single precision with `BITS` of the mantissa: zeros for the rest, which compress."""
    mantissa, exponent = np.frexp(values.values)
    short = np.ldexp(np.round(np.ldexp(mantissa, BITS)), exponent - BITS)
    return values.copy(data=short.astype("float32"))


def _unseen(run: Run) -> dict[Form, float]:
    """Weights of the forms in predicting unseen series."""
    return {draws.form: weight for weight, draws in predict.hierarchies(run)}


@contextmanager
def _made(target: Path) -> Iterator[Path]:
    """A folder that becomes `target` once it is complete."""
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        part.replace(target)
    except OSError as error:
        raise SpecError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
