"""Figures become small without a word or a number in them changing."""

from __future__ import annotations

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tenfold.report import svg


def test_a_lean_figure_says_what_it_said(tmp_path):
    figure = Figure()
    axis = figure.subplots()
    axis.plot([0.123, 0.456], [1.0, 2.0])
    axis.set_xticks([0.125, 0.25, 0.375], ["0.125", "0.25", "0.375"])
    axis.set_title("p = 0.049")
    with svg.mpl.rc_context({"svg.fonttype": "none"}):
        FigureCanvasSVG(figure).print_svg(tmp_path / "drawn.svg")
    drawn = (tmp_path / "drawn.svg").read_text()
    lean = svg.lean(drawn)
    written = [svg.ElementTree.fromstring(text).itertext() for text in (drawn, lean)]
    full, kept = ({line.strip() for line in each if line.strip()} for each in written)
    assert {"0.125", "0.25", "0.375", "p = 0.049"} <= kept <= full
    assert len(lean) < 0.9 * len(drawn)
