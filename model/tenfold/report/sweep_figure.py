"""The figure of a sweep over two inputs: a heat map of medians, with the numbers in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tenfold.files import SpecError, write_atomic
from tenfold.report.svg import style
from tenfold.words.numbers import quantile, unit

if TYPE_CHECKING:
    import xarray as xr

MOST_NUMBERS = 100
"""Cells above which no number stands in them."""


def write(table: xr.DataArray, path: Path) -> None:
    """Draw medians over two inputs as SVG.

    Args:
        table: dims are the inputs, coordinates their values; attributes `title`, `unit`, `scale`.
            NaN is not known, infinity never.

    Raises:
        SpecError: another ending than `.svg`.
    """
    if path.suffix != ".svg":
        raise SpecError(f"{path}: expected a name that ends in .svg")
    (down, across), about = table.dims, dict(table.attrs)
    with style():
        figure = Figure(figsize=(1.6 + 0.8 * table.shape[1], 1.4 + 0.5 * table.shape[0]))
        axes = figure.add_axes((0.22, 0.24, 0.74, 0.62))
        axes.imshow(np.ma.masked_invalid(table.values), cmap="cividis", aspect="auto")
        for k, (dim, ticks) in enumerate(((down, axes.set_yticks), (across, axes.set_xticks))):
            labels = [quantile({"p50": float(x)}, "p50") for x in table[dim].values]
            ticks(range(table.shape[k]), labels)
        axes.set_xlabel(str(across))
        axes.set_ylabel(str(down))
        axes.set_title(f"{about['title']}, median{_unit(about)}")
        if table.size <= MOST_NUMBERS:
            for place, value in np.ndenumerate(table.values):
                text = "" if np.isnan(value) else quantile(about | {"p50": float(value)}, "p50")
                where = {"ha": "center", "va": "center", "fontsize": 7, "color": "white"}
                behind = {"facecolor": "black", "alpha": 0.35, "lw": 0}
                axes.text(place[1], place[0], text, bbox=behind, **where)
        drawn = io.StringIO()
        FigureCanvasSVG(figure).print_svg(drawn, metadata={"Date": None})
    write_atomic(path, drawn.getvalue())


def _unit(about: dict[str, str]) -> str:
    named = unit(about)
    return f" ({named})" if named else ""
