"""Figures for two backgrounds: drawn once by matplotlib, then split into panels that follow the
page's colours.

A figure is a grid of equal cells. On the page every cell is an SVG of its own, so that the browser
can lay panels out in as many columns as there is room for; as a file the figure is one SVG and one
PNG. Colours are drawn as fixed hex values and become CSS variables on the page; style attributes
become classes, because a strict content security policy allows none.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tenfold import inert
from tenfold.files import write_atomic
from tenfold.words.numbers import cell, figures, power

INK, MUTED, GRID, PAPER = "#1c2733", "#5d6975", "#d8dee4", "#fefefe"
RL, INFERENCE, PRIOR, ACCENT = "#b5451f", "#1d6a96", "#7f8b96", "#6b4aa0"
GROUPS = (
    "#1d6a97", "#b5451e", "#2f7d4f", "#8a5a9e", "#b07c10",
    "#c2447c", "#3f8f98", "#6c6f2a", "#54627a", "#8d4b2c",
)  # fmt: skip
COLOURS = {
    "ink": INK, "muted": MUTED, "grid": GRID, "paper": PAPER,
    "rl": RL, "inference": INFERENCE, "prior": PRIOR, "accent": ACCENT,
} | {f"g{i}": colour for i, colour in enumerate(GROUPS)}  # fmt: skip
"""CSS variable -> the hex value that matplotlib draws; style.css has the dark values."""

MOST_ROWS = 60
"""Rows of a figure's table that stand on the page; longer ones are in its CSV alone."""

REGIME_COLOUR = {"rl": RL, "inference": INFERENCE}

RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a $ in a label is a dollar
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "path.simplify": True,
}

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK[1:].split("}")[0])


@dataclass(frozen=True)
class Panel:
    """One cell of a figure: inline SVG, what it shows in words, and what is printed below it.

    series: what is listed below it, where its points lead to their rows.
    """

    svg: Markup
    alt: str
    note: Markup = Markup("")
    series: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A finished figure: its panels for the page, and the table behind it."""

    name: str
    panels: tuple[Panel, ...]
    data: pd.DataFrame
    files: bool
    """Whether `figures/` has it as SVG and PNG."""

    @property
    def columns(self) -> list[str]:
        """Names of the table's columns."""
        return [str(name) for name in self.data.columns]

    @property
    def rows(self) -> list[list[str]]:
        """The table as text where it is short enough to stand beside the figure; else none."""
        if len(self.data) > MOST_ROWS:
            return []
        return [[cell(value) for value in row] for row in self.data.itertuples(index=False)]


@dataclass
class Styles:
    """Class names for style attributes, shared by all figures of a page."""

    names: dict[str, str] = field(default_factory=dict)

    def of(self, style: str) -> str:
        """The class that stands for a style attribute."""
        return self.names.setdefault(_css(style), f"s{len(self.names)}")

    def css(self) -> str:
        """One rule per class."""
        return "\n".join(f".{name}{{{style}}}" for style, name in self.names.items())


class Sheet:
    """A grid of axes in equal cells of `size` points, with margins (left, right, bottom, top).

    Used inside `style()`, since matplotlib reads many settings as things are drawn.
    """

    def __init__(
        self,
        name: str,
        n: int,
        columns: int = 1,
        size: tuple[float, float] = (340.0, 230.0),
        margins: tuple[float, float, float, float] = (40.0, 10.0, 36.0, 24.0),
    ) -> None:
        self.name, self.n, self.columns, self.size = name, n, columns, size
        rows = -(-n // columns)
        width, height = columns * size[0], rows * size[1]
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        left, right, bottom, top = margins
        self.axes: list[Axes] = []
        for i in range(n):
            row, column = divmod(i, columns)
            x, y = column * size[0] + left, height - (row + 1) * size[1] + bottom
            inner = (size[0] - left - right, size[1] - bottom - top)
            box = (x / width, y / height, inner[0] / width, inner[1] / height)
            self.axes.append(self.figure.add_axes(box))

    def save(
        self,
        folder: Path,
        styles: Styles,
        data: pd.DataFrame,
        alts: Sequence[str],
        notes: Sequence[Markup] | None = None,
    ) -> Drawn:
        """Write the CSV, and return the figure for the page.

        Args:
            folder: report folder; the CSV goes to `data/`, and an SVG and a PNG to `figures/` where
                there is such a folder.
            alts, notes: one per panel.
        """
        if len(alts) != self.n or (notes is not None and len(notes) != self.n):
            raise ValueError(f"{self.name}: {self.n} panels, {len(alts)} descriptions")
        figures, tables = folder / "figures", folder / "data"
        buffer = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": self.name}):
            FigureCanvasSVG(self.figure).print_svg(buffer, metadata={"Date": None})
        drawn = lean(buffer.getvalue())
        wanted = figures.is_dir()
        if wanted:
            plain = re.sub(r' id="series-[^"]*"', "", drawn)  # names for the page alone
            write_atomic(figures / f"{self.name}.svg", plain)
            self.figure.set_facecolor("white")
            FigureCanvasAgg(self.figure)
            image = io.BytesIO()
            self.figure.savefig(image, dpi=130)
            write_atomic(figures / f"{self.name}.png", image.getvalue())
        write_atomic(
            tables / f"{self.name}.csv",
            inert.table(data).to_csv(index=False, float_format="%.6g") or "",
        )
        panels = self._split(drawn, styles, alts, notes or [Markup("")] * self.n)
        return Drawn(self.name, tuple(panels), data, wanted)

    def _split(
        self, text: str, styles: Styles, alts: Sequence[str], notes: Sequence[Markup]
    ) -> list[Panel]:
        root = ElementTree.fromstring(text)
        clips = {clip.get("id"): clip for clip in root.iter(f"{{{SVG}}}clipPath")}
        groups = {g.get("id"): g for g in root.iter(f"{{{SVG}}}g") if g.get("id")}
        panels = []
        for i in range(self.n):
            group = groups[f"axes_{i + 1}"]
            used = set(re.findall(r"url\(#([^)]+)\)", _text(group)))
            row, column = divmod(i, self.columns)
            x, y = column * self.size[0], row * self.size[1]
            box = f"{x:g} {y:g} {self.size[0]:g} {self.size[1]:g}"
            label = escape(alts[i])
            inside = "".join(_text(_styled(clips[name], styles)) for name in sorted(used))
            inside = f"<defs>{inside}</defs>{_text(_styled(group, styles))}"
            # Rounded before the hex values could be mistaken for something else.
            role = "group" if "<a " in inside else "img"  # nothing in an image can be reached
            svg = f'<svg viewBox="{box}" role="{role}" aria-label="{label}">{inside}</svg>'
            svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href", "href")
            svg = re.sub(r">\s+<", "><", svg)
            panels.append(Panel(Markup(svg), alts[i], notes[i]))
        return panels


def style() -> Any:
    """Context manager that puts the report's settings in force."""
    return mpl.rc_context(RC)


def _text(element: Any) -> str:
    return ElementTree.tostring(element, encoding="unicode")


def _styled(element: Any, styles: Styles) -> Any:
    """The element with classes for styles, and without the identifiers that nothing refers to.

    A group that was named "series-N" is marked as one of series N; of "series-N-I_J" each marker
    becomes a link to the row of its point, I or J.
    """
    for node in list(element.iter()):
        style = node.attrib.pop("style", None)
        if style:
            node.set("class", styles.of(style))
        if node.tag != f"{{{SVG}}}g":
            continue
        kind, *named = node.attrib.pop("id", "").split("-")
        if kind == "series":
            node.set("class", "series")
            node.set("data-s", named[0])
            for number in named[1:]:
                _linked(node, number.split("_"))
    return element


def _linked(group: Any, numbers: Sequence[str]) -> None:
    """Puts each marker of a group into a link to the row of its point."""
    parents = {child: parent for parent in group.iter() for child in parent}
    uses = list(group.iter(f"{{{SVG}}}use"))
    for use, number in zip(uses, numbers, strict=True):
        parent = parents[use]
        link = ElementTree.Element("a", {"href": f"#p{number}", "aria-labelledby": f"p{number}"})
        parent.insert(list(parent).index(use), link)
        parent.remove(use)
        link.append(use)


def _css(style: str) -> str:
    """A style attribute for the page: colours as variables, the page's font."""
    found = style.strip().rstrip(";")
    for name, colour in COLOURS.items():
        found = found.replace(colour, f"var(--{name})")
    found = re.sub(r"font: ([\d.]+px)[^;]*", r"font-size: \1", found)
    return re.sub(r"\s*([:;])\s*", r"\1", found)


NUMBER = re.compile(r"(\d+\.\d)\d+")
TAG = re.compile(r"<[^>]+>")
PATH = re.compile(r' d="([MLz\d\s.-]+)"')
STEP = re.compile(r"([MLz])\s*(?:(-?[\d.]+) (-?[\d.]+))?")


def lean(svg: str) -> str:
    """matplotlib's SVG with coordinates to a tenth of a point, without its metadata.

    What is written in it stays as it is: 0.25 on an axis is no coordinate.
    """
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    return PATH.sub(_relative, TAG.sub(lambda tag: NUMBER.sub(r"\1", tag[0]), body))


def _relative(path: re.Match[str]) -> str:
    """A path of straight lines by its steps, which are shorter than its places."""
    told, at, start = [], (0, 0), (0, 0)
    for move, x, y in STEP.findall(path[1]):
        if move == "z":
            told.append(move)
            at = start
            continue
        there = (round(10 * float(x)), round(10 * float(y)))
        told.append(f"{move.lower()}{(there[0] - at[0]) / 10:g} {(there[1] - at[1]) / 10:g}")
        at = there
        start = there if move == "M" else start
    return f' d="{"".join(told)}"'


Ticks = list[tuple[float, str]]


def log_ticks(low: float, high: float, most: int = 6) -> Ticks:
    """Ticks at powers of ten for an axis of log10 values, and between them where it is short."""
    step = max(1, math.ceil((high - low) / most))
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [(float(k), power(k)) for k in decades if k % step == 0 and low <= k <= high]
    if len(ticks) > 2:
        return ticks
    mantissas = (1, 3) if high - low > 1.1 else (1, 2, 5)
    marks = [(k + math.log10(m), _mark(k, m)) for k in decades for m in mantissas]
    return [(x, text) for x, text in marks if low <= x <= high]


def frame(ax: Axes, x: Ticks, y: Ticks, label: str, title: str) -> None:
    """Grid, axis line, tick labels and titles of a small panel, whose limits are set already.

    Drawn as one line and a few texts: matplotlib's own ticks cost most of the time of a figure of
    many panels.
    """
    ax.set_axis_off()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    gap = (math.nan, math.nan)
    lines = [p for at, _ in x for p in ((at, bottom), (at, top), gap)]
    lines += [p for at, _ in y for p in ((left, at), (right, at), gap)]
    if lines:
        ax.plot(*zip(*lines, strict=True), color=GRID, linewidth=0.6, zorder=0.5)
    ax.plot([left, right], [bottom, bottom], color=MUTED, linewidth=0.8, clip_on=False, zorder=1)
    width, height = ax.bbox.width, ax.bbox.height
    for at, text in x:
        ax.text(at, -4 / height, text, color=MUTED, ha="center", va="top",
                transform=ax.get_xaxis_transform())  # fmt: skip
    for at, text in y:
        ax.text(-4 / width, at, text, color=MUTED, ha="right", va="center",
                transform=ax.get_yaxis_transform())  # fmt: skip
    if label:
        ax.text(0.5, -17 / height, label, color=MUTED, ha="center", va="top",
                transform=ax.transAxes)  # fmt: skip
    ax.text(0, 1 + 7 / height, title, fontsize=9, fontweight="bold", transform=ax.transAxes)


def _mark(exponent: int, mantissa: int) -> str:
    if -3 <= exponent <= 2:
        return figures(mantissa * 10.0**exponent)
    return power(exponent) if mantissa == 1 else f"{mantissa}·{power(exponent)}"
