"""netCDF of runs: labelled arrays to bytes in memory, and single groups read straight from a file.

Made in memory because a write that fails for want of space can end the process inside HDF5. Read
through h5py because opening hundreds of variables through xarray takes ten times longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.files import SpecError

if TYPE_CHECKING:
    import xarray as xr

HEADLINE = "headline.nc"
"""The sample that every answer reads (`runs.headline` makes it)."""


def to_bytes(stored: xr.DataTree | xr.Dataset, attrs: Mapping[str, Any]) -> bytes:
    """A netCDF file of a DataTree or a Dataset; a tree's numbers are compressed.

    Args:
        attrs: attributes of the whole file.
    """
    import xarray as xr

    named = stored.copy()
    named.attrs = {**stored.attrs, **attrs}
    if isinstance(named, xr.Dataset):
        return bytes(named.to_netcdf(engine="h5netcdf"))
    encoding = {
        node.path: {
            name: {"zlib": True, "complevel": 1}
            for name, values in node.data_vars.items()
            if values.dtype.kind == "f" and values.ndim
        }
        for node in named.subtree
    }
    return bytes(named.to_netcdf(engine="h5netcdf", encoding=encoding))


def attributes(path: Path) -> dict[str, Any]:
    """Attributes of a whole file.

    Raises:
        SpecError: missing or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {key: _text(value) for key, value in file.attrs.items() if key[0] != "_"}
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from None


def groups(path: Path) -> tuple[str, ...]:
    """Names of the groups in a file.

    Raises:
        SpecError: missing or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return tuple(name for name, node in file.items() if isinstance(node, h5py.Group))
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from None


def names(path: Path, group: str) -> set[str]:
    """Names of what is in a group, coordinates included.

    Raises:
        SpecError: missing or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            node = file[group]
            return set(node) if isinstance(node, h5py.Group) else set()
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from None


def read(path: Path, group: str = "/", names: Iterable[str] | None = None) -> xr.Dataset:
    """One group of a file; "/" is what lies outside groups.

    Args:
        names: variables to read; all unless given.

    Raises:
        SpecError: missing file, group or variable, or damaged.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _dataset(path, file, group, names)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        raise damaged(path, error) from None


def _dataset(path: Path, file: Any, group: str, names: Iterable[str] | None) -> xr.Dataset:
    import h5py
    import xarray as xr

    node = file[group]
    known, wanted = set(node), set() if names is None else set(names)
    data, coords = {}, {}
    waiting = sorted(known if names is None else known & wanted)
    for name in waiting:  # dims of what is wanted join them; to look at every name takes long
        stored = node[name]
        if name in coords or isinstance(stored, h5py.Group):
            continue
        own = set(stored.attrs)
        label = stored.attrs["NAME"] if "NAME" in own else b""
        if bytes(label).startswith(b"This is a netCDF dimension but not"):
            continue
        attrs = {name: _text(stored.attrs[name]) for name in sorted(own - INTERNAL)}
        if "DIMENSION_LIST" in own:
            refs = stored.attrs["DIMENSION_LIST"]
            dims = tuple(str(file[ref[0]].name).rsplit("/", 1)[1] for ref in refs)
            data[name] = (dims, _values(stored), attrs)
            waiting += [dim for dim in dims if dim in known]
        elif stored.shape:
            coords[name] = (name, _values(stored), attrs)
        else:
            data[name] = ((), _values(stored), attrs)
    if missing := wanted - set(data) - set(coords):
        raise SpecError(f"{path}: {group}/{min(missing)} is missing; run `tenfold fit`")
    attrs = {key: _text(value) for key, value in node.attrs.items() if key[0] != "_"}
    return xr.Dataset(data, coords=coords, attrs=attrs)


INTERNAL = {
    "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_FillValue", "dtype",
    "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict",
}  # fmt: skip
"""Attributes by which netCDF and xarray keep house."""


def damaged(path: Path, error: Exception) -> SpecError:
    """What is said of a file that cannot be read."""
    told = (
        "missing" if isinstance(error, FileNotFoundError) else f"damaged ({type(error).__name__})"
    )
    return SpecError(f"{path}: {told}; run `tenfold fit` again")


def _values(stored: Any) -> np.ndarray:
    if stored.dtype.kind == "O":
        return np.array(stored.asstr()[()], dtype=str)
    if _text(stored.attrs.get("dtype", "")) == "bool":
        return stored[()].astype(bool)
    return stored[()]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
