"""Files of runs are what xarray would write and read."""

import numpy as np
import pytest
import xarray as xr

from tenfold.files import SpecError
from tenfold.runs import netcdf


@pytest.fixture
def tree():
    draws = xr.Dataset(
        {
            "slope": (("draw", "series"), np.random.default_rng(1).normal(size=(5, 2))),
            "known": (("series",), [True, False]),
            "one": ((), 2.0),
        },
        coords={"series": ["a", "ü"], "draw": range(5)},
        attrs={"about": "draws"},
    )
    draws["slope"].attrs = {"units": "logit per OOM"}
    return xr.DataTree.from_dict({"posterior": draws, "empty": xr.Dataset({"x": ("x", [0.0][:0])})})


@pytest.fixture
def path(tree, tmp_path):
    target = tmp_path / "a.nc"
    target.write_bytes(netcdf.to_bytes(tree, {"key": "0", "format": 2}))
    return target


def test_groups_are_read_as_xarray_reads_them(tree, path):
    assert set(netcdf.groups(path)) == {"empty", "posterior"}
    assert netcdf.attributes(path) == {"key": "0", "format": 2}
    with xr.open_datatree(path, engine="h5netcdf") as opened:
        for name in netcdf.groups(path):
            found = netcdf.read(path, name)
            xr.testing.assert_identical(found, opened[name].to_dataset())
            xr.testing.assert_identical(found, tree[name].to_dataset())


def test_one_variable_comes_with_its_labels(path):
    found = netcdf.read(path, "posterior", ["slope"])
    assert (set(found), set(found.coords)) == ({"slope"}, {"series", "draw"})
    assert found["slope"].attrs == {"units": "logit per OOM"}


def test_a_variable_that_is_not_there_is_named(path):
    with pytest.raises(SpecError, match="posterior/ghost is missing"):
        netcdf.read(path, "posterior", ["ghost"])


def test_what_is_no_netcdf_is_one_line(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"CDF")
    with pytest.raises(SpecError, match=r"a\.nc: damaged"):
        netcdf.read(tmp_path / "a.nc", "posterior")
    with pytest.raises(SpecError, match=r"b\.nc: missing"):
        netcdf.groups(tmp_path / "b.nc")
