"""Series' own parameters: the curve of each fitted series, one draw beside that of the sample.

Stored as `series.nc` at the end of a fit and read a curve at a time; answers about benchmarks and
populations need none of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from tenfold.posterior import structure

FILE = "series.nc"
LABELS = {
    "slope": ("slope along true compute", "link units per OOM"),
    "intercept": ("linear predictor at the reference compute", "link units"),
    "series_ceiling": ("score at which the curve levels off", "score"),
}
"""Every variable of the file: `long_name`, `units`; they are the posteriors' of the same name."""


def curves(posteriors: Mapping[str, xr.Dataset], points: xr.Dataset) -> xr.Dataset:
    """The curves of thinking mode, of the series that have one, as each form's posterior has them.

    Returns:
        Variables of `LABELS`, single precision, dims `series, form, chain, draw`: a curve lies in
        one piece. Pairs of modes and second axes are left out.
    """
    own = points["series"].values[structure.curves(points)]
    each = [
        posterior[list(LABELS)].sel(series=own).transpose("series", "chain", "draw")
        for posterior in posteriors.values()
    ]
    found = xr.Dataset(coords={**each[0].coords, "form": list(posteriors)})
    for name, (long_name, units) in LABELS.items():
        draws = np.stack([posterior[name].values.astype("float32") for posterior in each], axis=1)
        about = {"long_name": long_name, "units": units, "level": "series"}
        found[name] = (("series", "form", "chain", "draw"), draws, about)
    return found
