"""netCDF files of a run: one group read directly, a dataset written whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.files import SpecError, write_atomic

HEADLINE = "headline.nc"
"""The sample that every answer reads, in the folder of a run (`runs.headline` makes it)."""

INTERNAL = ("CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "dtype")
"""Attributes of variables that hold the format together and say nothing."""


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset; readers see the old file or the new one.

    It is put together in memory: a disk that fills up while HDF5 writes can end the process.
    """
    write_atomic(path, bytes(dataset.to_netcdf(engine="h5netcdf")))


def read(path: Path, group: str = "/", names: Iterable[str] | None = None) -> xr.Dataset:
    """One group of a file, read directly: opening it through xarray takes ten times longer.

    Args:
        names: variables to read; all unless given.

    Raises:
        SpecError: missing file, group or variable, or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            node: Any = file[group]
            wanted = set(node) if names is None else set(names)
            data, coords = {}, {}
            for name in sorted(node):
                stored = node[name]
                label = stored.attrs.get("NAME", b"")
                if bytes(label).startswith(b"This is a netCDF dimension but not"):
                    continue
                if "DIMENSION_LIST" in stored.attrs:
                    refs = stored.attrs["DIMENSION_LIST"]
                    dims = tuple(str(file[ref[0]].name).rsplit("/", 1)[1] for ref in refs)
                    if name in wanted:
                        data[name] = (dims, _values(stored), _attributes(stored))
                elif stored.shape:
                    coords[name] = (name, _values(stored))
                elif name in wanted:
                    data[name] = ((), _values(stored), _attributes(stored))
            if missing := (set() if names is None else wanted - set(data)):
                raise SpecError(f"{path}: {group}/{min(missing)} is missing; run `tenfold fit`")
            dims = {dim for kept, *_ in data.values() for dim in kept}
            kept = {k: v for k, v in coords.items() if names is None or k in dims}
            return xr.Dataset(data, coords=kept, attrs=_attributes(node))
    except (OSError, KeyError) as error:
        raise SpecError(
            f"{path}: missing or damaged ({type(error).__name__}); delete it and run `tenfold fit`"
        ) from None


def _attributes(node: Any) -> dict[str, Any]:
    kept = (key for key in node.attrs if key[0] != "_" and key not in INTERNAL)
    return {key: _text(node.attrs[key]) for key in kept}


def _values(stored: Any) -> np.ndarray:
    if stored.dtype.kind == "O":
        return np.array(stored.asstr()[()], dtype=str)
    if _text(stored.attrs.get("dtype", "")) == "bool":
        return stored[()].astype(bool)
    return stored[()]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
