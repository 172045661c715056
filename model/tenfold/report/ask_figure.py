"""The figure of one asked quantity: its distribution function, with the intervals under it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tenfold.files import SpecError, write_atomic
from tenfold.report.svg import RL, style
from tenfold.words.ask import value

TICKS = 5


def write(answer: dict[str, Any], cdf: list[tuple[float, float]], path: Path) -> None:
    """Draw P(at most x) as SVG.

    Raises:
        SpecError: another ending than `.svg`; a quantity that is never finite.
    """
    if path.suffix != ".svg":
        raise SpecError(f"{path}: expected a name that ends in .svg")
    if not cdf:
        raise SpecError(f"{answer['quantity']}: never finite; there is nothing to draw")
    with style():
        figure = Figure(figsize=(6.0, 3.6))
        axes = figure.add_axes((0.12, 0.2, 0.84, 0.68))
        x, p = zip(*cdf, strict=True)
        axes.plot(x, p, color=RL)
        for level in ("50", "90"):
            ends = [float(answer["intervals"][level][end]) for end in ("low", "high")]
            shown = [min(max(end, x[0]), x[-1]) for end in ends]
            axes.axvspan(shown[0], shown[1], color=RL, alpha=0.1, linewidth=0)
        places = [x[0] + (x[-1] - x[0]) * i / (TICKS - 1) for i in range(TICKS)]
        axes.set_xticks(places, [value(answer, place) for place in places])
        axes.set_ylim(0, 1)
        axes.set_xlim(x[0], x[-1])
        axes.set_ylabel("probability of at most that")
        axes.set_title(answer["title"])
        drawn = io.StringIO()
        FigureCanvasSVG(figure).print_svg(drawn, metadata={"Date": None})
    write_atomic(path, drawn.getvalue())
