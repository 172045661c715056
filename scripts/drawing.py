"""Figures of the pages in `reports/`: the same numbers give the same SVG."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from tenfold.files import write_atomic
from tenfold.report.svg import lean


def start() -> Any:
    """Matplotlib's pyplot, set up to write SVG with text as text and without random names."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "tenfold", "svg.fonttype": "none", "font.size": 8}
    import matplotlib.pyplot as plt

    return plt


def save(canvas: Any, path: Path) -> None:
    """Write a figure without its date, and close it."""
    import matplotlib.pyplot as plt

    text = io.StringIO()
    canvas.savefig(text, format="svg", metadata={"Date": None}, bbox_inches="tight")
    write_atomic(path, small(lean(text.getvalue())))
    plt.close(canvas)


def small(svg: str) -> str:
    """A figure without indentation, its paths to a tenth of a point, its words in one font."""
    text = re.sub(r"\n\s*", "\n", svg.replace(" \nL", "L"))
    text = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), text)
    text = re.sub(r"font-family: [^;\"]*sans-serif", "font-family: sans-serif", text)
    text = re.sub(r'(<text[^>]*?) transform="rotate\(-0 [^"]*"', r"\1", text)
    return re.sub(r'<g id="[^"]*"', "<g", text)
