"""Joint draws of quantities: labelled arrays (netCDF, Zarr), or rows that all count the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers.question import Asked
from tenfold.answers.registry import named
from tenfold.files import SpecError, write_atomic
from tenfold.inert import table

SEED = 0


def labelled(asked: Mapping[str, tuple[str, Asked]]) -> xr.Dataset:
    """Draws of quantities, dims `form, chain, draw, repeat`, with `weight` of each form.

    Every variable has `long_name`, `units` and `scale`; under "log10" it is the log10 of the
    quantity in its units. Never is +inf.

    Args:
        asked: name of the variable -> quantity, and the question put.

    Raises:
        SpecError: as `Quantity.draws`.
    """
    found: dict[str, xr.DataArray] = {}
    for variable, (name, each) in asked.items():
        values = named(name).draws(each)
        about = {"long_name": values.attrs["title"], "units": values.attrs["unit"]}
        found[variable] = values.assign_attrs(about | {"scale": values.attrs["scale"]})
        weight = each.draws["weight"]
    found["weight"] = weight.assign_attrs(long_name="weight of a curve form", units="1")
    return xr.Dataset(found).reset_coords(drop=True)


def equally_weighted(draws: xr.Dataset, n: int) -> dict[str, np.ndarray]:
    """`n` joint draws of every variable of `labelled`, each of which counts the same."""
    values = {str(name): draws[name] for name in draws.data_vars if name != "weight"}
    return mixture.sample(values, draws["weight"], n, SEED)


def as_csv(draws: xr.Dataset, n: int) -> str:
    """`equally_weighted` as a table; a column of a log10 is called `log10_NAME`."""
    import pandas as pd

    columns = {
        f"log10_{name}" if draws[name].attrs["scale"] == "log10" else name: values
        for name, values in equally_weighted(draws, n).items()
    }
    return table(pd.DataFrame(columns)).to_csv(index=False, lineterminator="\n")


def write(draws: xr.Dataset, path: Path) -> None:
    """Labelled draws as a netCDF file, or as a Zarr store where the name ends with `.zarr`.

    Raises:
        SpecError: zarr is not installed; there is such a folder already; it cannot be written.
    """
    if path.suffix != ".zarr":
        write_atomic(path, bytes(draws.to_netcdf(engine="h5netcdf")))
        return
    if path.exists():
        raise SpecError(f"{path}: is there already; expected a new folder")
    try:
        draws.to_zarr(path, mode="w-", zarr_format=2, consolidated=True)
    except ImportError:
        raise SpecError(f"{path}: needs zarr: pip install 'tenfold[zarr]'") from None
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror})") from None
