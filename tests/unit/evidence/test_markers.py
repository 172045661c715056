"""Markers found in images: where they are, what they are flagged for, and how often errors hold."""

from __future__ import annotations

import importlib
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tenfold.evidence.digitise import Chart, Series, digitise_image, markers
from tenfold.evidence.digitise.axes import CLICK_SE, DRAWING_SE
from tenfold.evidence.digitise.markers import (
    MAX_PIXELS,
    ROUNDING_SE,
    Found,
    find,
    read_image,
    spacing,
)
from tenfold.files import SpecError

ROOT = Path(__file__).resolve().parents[3]
BLUE = "#1f77b4"
SIZE = (320, 240)


@pytest.fixture(scope="module")
def charts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        yield importlib.import_module("digitise_charts")


def blend(cover: np.ndarray, colour=BLUE, under=None) -> np.ndarray:
    """Pixels (height, width, 3) of a colour laid over white, or over other pixels."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    ground = np.full((*cover.shape, 3), 255.0) if under is None else under
    return ground + cover[..., None] * (rgb - ground)


def disc_cover(discs, radius: float, size) -> np.ndarray:
    """Share of every pixel covered by discs at sub-pixel centres, edges anti-aliased."""
    rows, cols = np.indices((size[1], size[0]))
    covers = [np.clip(radius + 0.5 - np.hypot(cols - x, rows - y), 0, 1) for x, y in discs]
    return np.max(covers, axis=0)


def line_cover(points, width: float, size) -> np.ndarray:
    """Share of every pixel covered by a line through the points."""
    rows, cols = np.indices((size[1], size[0]))
    at, cover = np.stack([cols, rows], axis=-1), np.zeros((size[1], size[0]))
    for start, end in zip(points[:-1], points[1:], strict=True):
        along = end - start
        t = np.clip((at - start) @ along / (along @ along), 0, 1)
        away = np.linalg.norm(at - start - t[..., None] * along, axis=2)
        cover = np.maximum(cover, np.clip(width / 2 + 0.5 - away, 0, 1))
    return cover


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(pixels).astype(np.uint8))


def paint(discs, radius=6.0, size=(320, 240), line=None, over=()) -> Image.Image:
    """Discs, joined by a line if asked, with red boxes (left, top, right, bottom) in front."""
    cover = disc_cover(discs, radius, size)
    if line is not None:
        cover = np.maximum(cover, line_cover(line, 2.0, size))
    pixels = blend(cover)
    for left, top, right, bottom in over:
        pixels[top:bottom, left:right] = (214, 39, 40)
    return picture(pixels)


def look(image: Image.Image, chart: Chart | None = None, **series) -> Found:
    table = Series.model_validate({"name": "a", "colour": BLUE} | series)
    return find(np.asarray(image, dtype=np.float32), table, chart or Chart(), "here")


def centres(found: Found) -> np.ndarray:
    return np.array([[m.x, m.y] for m in found.markers])


def spread_out(seed: int, count: int) -> np.ndarray:
    """Sub-pixel places (count, 2), left to right and far apart."""
    rng = np.random.default_rng(seed)
    x = np.linspace(25, 295, count) + rng.uniform(-3, 3, count)
    return np.column_stack([x, rng.uniform(30, 210, count)])


def write_chart(folder: Path, discs, series="", **lines) -> tuple[Path, Path]:
    """An image with pixels 40 and 280 at compute 1 and 1e4, rows 220 and 20 at score 0 and 1."""
    paint(discs).save(folder / "chart.png")
    click = lines.get("click", "")
    (folder / "axes.toml").write_text(
        f"""version = 1
[chart]
{click}
[chart.x]
scale = "log"
ticks = {lines.get("x", [[40, 1], [280, 1e4]])}
[chart.y]
scale = "linear"
ticks = {lines.get("y", [[220, 0], [20, 1]])}
[[series]]
name = "a"
colour = "{BLUE}"
{series}
"""
    )
    return folder / "chart.png", folder / "axes.toml"


# --- where markers are


@pytest.mark.parametrize("radius", [2.5, 4.0, 7.0, 12.0])
def test_sub_pixel_centres(radius):
    true = spread_out(1, 8)
    found = look(paint(true, radius))
    np.testing.assert_allclose(centres(found), true, atol=0.04)
    assert [m.flag for m in found.markers] == [""] * 8
    assert found.notes == ()


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_jpeg_moves_centres_little(quality):
    true, buffer = spread_out(2, 8), io.BytesIO()
    paint(true).save(buffer, format="JPEG", quality=quality)
    found = look(Image.open(buffer).convert("RGB"))
    np.testing.assert_allclose(centres(found), true, atol=0.15)


def test_markers_on_whole_pixels_get_the_rounding_error():
    snapped = np.round(spread_out(3, 9)) + [0.25, 0.6]
    errors = [m.x_se for m in look(paint(snapped)).markers]
    assert min(errors) >= ROUNDING_SE
    assert max(errors) < ROUNDING_SE + 0.05


def test_many_sub_pixel_markers_need_no_rounding_error():
    rng = np.random.default_rng(4)
    true = np.array([[x, y] for x in range(25, 300, 45) for y in range(25, 220, 45)], dtype=float)
    true += rng.uniform(-4, 4, true.shape)
    found = look(paint(true))
    assert len(found.markers) == len(true) == 35
    assert max(m.x_se for m in found.markers) < 0.1


def test_spacing_of_a_lattice():
    rng = np.random.default_rng(5)
    assert spacing(list(rng.uniform(0, 500, 60))) == 0
    assert spacing(list(rng.integers(0, 500, 9) + 0.31)) == 1
    # an image reduced to 0.6 of its size: the old pixels are 0.6 of the new
    assert spacing(list(0.6 * rng.integers(0, 900, 40))) == pytest.approx(0.6, abs=0.002)
    assert spacing([1.0, 2.5, 3.2]) == 1, "too few to tell: rounding is assumed"


def test_hollow_markers():
    true = spread_out(6, 7)
    ring = disc_cover(true, 8.0, SIZE) - disc_cover(true, 6.3, SIZE)
    found = look(picture(blend(ring)), hollow=True)
    np.testing.assert_allclose(centres(found), true, atol=0.05)
    assert not any(m.flag for m in found.markers)


def test_hollow_markers_are_rings_not_loops_of_lines():
    """A line that closes a triangle is no marker."""
    true = spread_out(6, 7)
    ring = disc_cover(true, 8.0, SIZE) - disc_cover(true, 6.3, SIZE)
    loop = line_cover(np.array([[20, 20], [60, 24], [30, 60], [20, 20.0]]), 2.0, SIZE)
    found = look(picture(blend(np.maximum(ring, loop))), hollow=True)
    np.testing.assert_allclose(centres(found), true, atol=0.05)


def test_triangles_say_that_the_anchor_matters():
    true, half = spread_out(7, 6), 8.0
    rows, cols = np.indices((240, 320))
    cover = np.zeros((240, 320))
    for x, y in true:
        # top at y - half, base at y + half, twice as high as half the base
        side = (np.abs(cols - x) - (rows - y + half) / 2) * 2 / np.sqrt(5)
        cover = np.maximum(cover, np.clip(0.5 - np.maximum(side, rows - y - half), 0, 1))
    drawn = picture(blend(cover))
    plain, box, centroid = (look(drawn, anchor=a) for a in (None, "box", "centroid"))
    np.testing.assert_allclose(centres(centroid), true + [0, half / 3], atol=0.15)
    np.testing.assert_allclose(centres(box), true, atol=0.5)
    np.testing.assert_allclose(centres(plain), centres(centroid))
    assert any("lopsided" in note for note in plain.notes)
    assert plain.markers[0].y_se > centroid.markers[0].y_se + 0.7
    assert not any("lopsided" in note for note in box.notes + centroid.notes)


# --- markers that are not alone


def test_markers_on_a_line_are_found_without_the_line():
    true = spread_out(8, 8)
    found = look(paint(true, line=true))
    assert len(found.markers) == 8
    miss = np.abs(centres(found) - true)
    errors = np.array([[m.x_se, m.y_se] for m in found.markers])
    assert (miss < 2.5 * errors).all()
    assert miss.max() < 0.4


@pytest.mark.parametrize("apart", [0.4, 0.6, 0.9])
def test_overlapping_markers_are_taken_apart_and_say_so(apart):
    pair = np.array([[150.3, 60.2], [150.3 + apart * 12, 63.7]])
    true = np.vstack([pair, spread_out(9, 6) * [1, 0.5] + [0, 110]])
    found = look(paint(true))
    flagged = [m for m in found.markers if m.flag]
    assert [m.flag for m in flagged] == ["one of 2 overlapping markers, taken apart"] * 2
    np.testing.assert_allclose([[m.x, m.y] for m in flagged], pair, atol=0.25)
    lone = [m for m in found.markers if not m.flag]
    assert min(m.x_se for m in flagged) > max(m.x_se for m in lone)
    assert any("2 of 8 markers flagged" in note for note in found.notes)


def test_a_spot_that_no_markers_explain_gets_an_error_as_wide_as_itself():
    true = spread_out(10, 7) * [1, 0.4]
    drawn = paint(true)
    ImageDraw.Draw(drawn).rectangle([100, 150, 190, 164], fill=BLUE)
    odd = [m for m in look(drawn).markers if m.flag]
    assert [m.flag for m in odd] == ["overlapping markers, not taken apart"]
    assert odd[0].x == pytest.approx(145, abs=1)
    assert odd[0].x_se == pytest.approx(91 / np.sqrt(12), rel=0.05)


def test_a_marker_behind_another_series_is_partly_hidden():
    true = spread_out(11, 7)
    x, y = np.round(true[3]).astype(int)
    found = look(paint(true, 7.0, over=[(x + 2, y - 9, x + 14, y + 9)]))
    marker = found.markers[3]
    assert marker.flag == "partly hidden"
    assert np.hypot(*(centres(found)[3] - true[3])) < 2.5 * marker.x_se
    assert marker.x_se > found.markers[0].x_se + 0.1
    # the centre of what is left to see would be much further off
    assert abs(marker.x - true[3, 0]) < 0.6


def test_outlined_markers():
    true = spread_out(12, 7)
    black = blend(disc_cover(true, 8.0, SIZE), "#000000")
    found = look(picture(blend(disc_cover(true, 6.0, SIZE), under=black)))
    np.testing.assert_allclose(centres(found), true, atol=0.2)
    assert not any(m.flag for m in found.markers)


def test_other_colours_and_the_legend_are_left_out():
    true = spread_out(13, 7) * [1, 0.8]
    drawn = paint([*true, (60, 222)], over=[(200, 220, 212, 232)])
    assert len(look(drawn).markers) == 8
    np.testing.assert_allclose(
        centres(look(drawn, Chart(exclude=[[40, 212, 80, 232]]))), true, atol=0.05
    )
    np.testing.assert_allclose(
        centres(look(drawn, Chart(region=[0, 0, 320, 205]))), true, atol=0.05
    )


def test_transparency_is_white(tmp_path):
    drawn = paint(spread_out(14, 5)).convert("RGBA")
    drawn.putalpha(Image.new("L", drawn.size, 128))
    drawn.save(tmp_path / "chart.png")
    assert read_image(tmp_path / "chart.png")[0, 0].tolist() == [255, 255, 255]
    faint = read_image(tmp_path / "chart.png").min(axis=(0, 1))
    np.testing.assert_allclose(faint, (np.array([31, 119, 180]) + 255) / 2, atol=2)


# --- from image to points


def test_an_image_becomes_points_with_errors(tmp_path):
    true = np.array([[60.4, 180.1], [120.9, 120.6], [200.2, 77.3]])
    found = digitise_image(*write_chart(tmp_path, true))
    np.testing.assert_allclose(
        np.log10(found.points["compute"]), (true[:, 0] - 40) * 4 / 240, atol=1e-3
    )
    np.testing.assert_allclose(found.points["score"], (220 - true[:, 1]) / 200, atol=2e-4)
    pixel = found.readings["pixel_x_se"]
    np.testing.assert_allclose(found.points["log10_compute_se"], pixel * 4 / 240)


def test_the_axis_error_is_reported_apart(tmp_path):
    """A wrong click moves all points as the stated shared error says; their own errors stay."""
    true = spread_out(15, 6)
    plain = digitise_image(*write_chart(tmp_path, true))
    moved = digitise_image(*write_chart(tmp_path, true, x=[[40 + CLICK_SE, 1], [280, 1e4]]))
    near = ["log10_compute_se", "score_se"]
    np.testing.assert_allclose(moved.points[near], plain.points[near], rtol=0.01)
    shift = moved.readings["log10_compute"] - plain.readings["log10_compute"]
    reach = (280 - true[:, 0]) / 240
    np.testing.assert_allclose(shift, -reach * CLICK_SE * 4 / 240, rtol=0.02, atol=1e-5)
    stated = np.sqrt(CLICK_SE**2 * (reach**2 + (1 - reach) ** 2) + DRAWING_SE**2) * 4 / 240
    np.testing.assert_allclose(plain.readings["log10_compute_axis_se"], stated, rtol=1e-3)
    careful = digitise_image(*write_chart(tmp_path, true, click="click_se = 0.25"))
    scale = [float(f.charts["log10_axis_scale_se"].to_numpy()[0]) for f in (plain, careful)]
    assert scale[0] == pytest.approx(np.sqrt(2) * CLICK_SE / 240)
    assert scale[1] == pytest.approx(scale[0] / 2)
    np.testing.assert_allclose(careful.points[near], plain.points[near])


def test_the_overlay_marks_every_point(tmp_path):
    true = np.array([[60, 180], [70, 182], [120, 120], [200, 77], [250, 40.0], [160, 50]])
    found = digitise_image(*write_chart(tmp_path, true))
    overlay = found.overlay
    assert overlay is not None
    assert overlay.size == (640, 480)
    for x, y, flag in found.readings[["pixel_x", "pixel_y", "flag"]].to_numpy():
        here = overlay.getpixel((int((x + 0.5) * 2), int((y + 0.5) * 2)))
        assert here == ((255, 106, 0) if flag else (230, 0, 230))
    assert [bool(flag) for flag in found.readings["flag"]].count(True) == 2
    # calibration ticks are drawn through
    assert overlay.getpixel((81, 470)) == (0, 183, 196)
    assert overlay.getpixel((600, 441)) == (0, 183, 196)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ("tolerance = 0", "series.0.tolerance"),
        ("tolerence = 9", "did you mean 'tolerance'"),
        ("anchor = 'top'", "series.0.anchor"),
        ("[[series]]\nname = 'b'", "series 'b': colour: missing"),
        ("[[series]]\nname = 'b'\ncolour = 'red'", "series.1.colour: got 'red'"),
        ("[[series]]\nname = 'b'\ncolour = '#00ff00'", "no marker of colour #00ff00 found"),
        ("[[series]]\nname = 'b'\ncolour = '#fefefa'", "too close to the background #ffffff"),
    ],
)
def test_bad_axes_files_are_one_clear_line(series, words, tmp_path):
    paths = write_chart(tmp_path, spread_out(16, 4), series)
    with pytest.raises(SpecError) as caught:
        digitise_image(*paths)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_axes_without_calibration_or_series(tmp_path):
    chart, axes = write_chart(tmp_path, spread_out(16, 4))
    axes.write_text("version = 1\n[[series]]\nname = 'a'\ncolour = '#1f77b4'\n")
    with pytest.raises(SpecError, match=r"chart\.x: missing"):
        digitise_image(chart, axes)
    axes.write_text("version = 1\n")
    with pytest.raises(SpecError, match="series: missing"):
        digitise_image(chart, axes)


@pytest.mark.parametrize("rectangle", [[0, 0, 400, 240], [-1, 0, 9, 9], [9, 9, 9, 20]])
def test_a_region_outside_the_image(rectangle):
    with pytest.raises(SpecError, match=r"here: rectangle .* within the image, 0 to 320 across"):
        look(paint([(50, 50)]), Chart(region=rectangle))


# --- images that are not charts


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be very large and holds nothing."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0")
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (body, data)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("side", [4001, 10_000, 15_000, 60_000])
def test_decompression_bombs_are_refused_unread(side, tmp_path):
    assert side * side > MAX_PIXELS
    (tmp_path / "bomb.png").write_bytes(png_header(side, side))
    with pytest.raises(SpecError, match=rf"bomb\.png: .*pixels; expected at most {MAX_PIXELS}"):
        read_image(tmp_path / "bomb.png")


def test_broken_images(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        read_image(tmp_path / "missing.png")
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(SpecError, match="cannot be read as PNG"):
        read_image(tmp_path / "text.png")
    paint([(50, 50)]).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:200])
    with pytest.raises(SpecError, match=r"half\.png: cannot be read"):
        read_image(tmp_path / "half.png")


def test_a_band_along_the_edge_is_no_marker():
    """Half as thick as it seems from inside: nothing is left of it where lines are taken away."""
    image = np.full((200, 300, 3), 255, np.float32)
    image[:, :6] = (31, 119, 180)
    with pytest.raises(SpecError, match="no marker of colour"):
        find(image, Series(name="a", colour="#1f77b4"), Chart(), "a.png")


def test_spots_that_would_take_minutes_to_take_apart_are_refused(monkeypatch):
    drawn = paint([(50, 50), (56, 52), (150, 100), (200, 60), (250, 150)])
    assert len(look(drawn).markers) == 5
    monkeypatch.setattr(markers, "MAX_APART", 200)
    with pytest.raises(SpecError, match="not single markers take [0-9]+ pixels; expected at most"):
        look(drawn)


# --- do the errors hold?


def test_stated_intervals_hold_on_drawn_charts(charts, tmp_path):
    """A short form of scripts/digitise_coverage.py, whose result is in reports/digitising."""
    parts, drawn, missed, spurious = [], 0, 0, 0
    for number in range(8):
        rng = np.random.default_rng([77, number])
        rows, record = charts.read_chart(charts.draw_style(rng), rng, tmp_path)
        parts.append(rows)
        drawn, missed = drawn + record["drawn"], missed + record["missed"]
        spurious += record["spurious"]
    own, total = (np.concatenate([p[z] for p in parts]) for z in ("own_z", "total_z"))
    assert missed < 0.06 * drawn
    assert spurious < 0.08 * drawn
    for z in (own, total):
        assert len(z) > 150
        assert 0.62 < np.mean(np.abs(z) < 1) < 0.92
        assert np.mean(np.abs(z) < 1.96) > 0.92
        assert np.mean(np.abs(z) > 3.5) < 0.01


def test_whole_pixel_markers_hold_at_the_stated_rate(charts, tmp_path):
    """Rounding is the whole error here, and known: 68% is met from both sides."""
    parts = []
    for number in range(5):
        rng = np.random.default_rng([78, number])
        style = charts.Style(
            placing="whole pixels", marker="o", size=8, dpi=80, line=False, bars=False,
            hollow=False, edge=False, grid=False, background="#ffffff", colour=BLUE, others=0,
            crowded=False, log_x=True, quality=None, points=25, scale=1.0,
        )  # fmt: skip
        parts.append(charts.read_chart(style, rng, tmp_path)[0])
    z = np.concatenate([p["own_z"] for p in parts])
    assert len(z) == 250
    # 250 values of a uniform error: 68.3% within one standard error, 2.9% either way
    assert 0.6 < np.mean(np.abs(z) < 1) < 0.78


def test_the_published_page_is_its_json(charts):
    script = importlib.import_module("digitise_coverage")
    folder = ROOT / "reports" / "digitising"
    summary = json.loads((folder / "coverage.json").read_text())
    assert (folder / "README.md").read_text() == script.readme(summary)
    assert summary["markers"] >= 2000
    assert summary["point"]["68%"] > 0.65
    assert summary["point"]["95%"] > 0.93
    assert summary["total"]["68%"] > 0.65
    assert summary["total"]["95%"] > 0.93
    rows = (folder / "coverage.csv").read_text().splitlines()
    assert len(rows) == 1 + len(summary["groups"])


def test_images_that_are_no_chart_are_refused_soon():
    """Grids of markers, noise and patches took minutes, or more memory than there is."""
    side = np.arange(300)
    dots = (side % 8 - 4) ** 2
    grid = dots[:, None] + dots[None] <= 6
    noise = np.random.default_rng(1).random((300, 300)) < 0.3
    patch = np.zeros((300, 300), dtype=bool)
    patch[20:280, 20:280] = True
    wide = (side % 12 - 6) ** 2
    far = wide[:, None] + wide[None]
    rings = (far <= 25) & (far >= 9)
    for mask, hollow, words in (
        (grid, False, "markers; expected at most 500"),
        (noise, False, "markers; expected at most 500"),
        (patch, False, "pixels thick; expected markers"),
        (rings, True, "more than 500 hollow markers"),
    ):
        image = np.where(mask[..., None], [31, 119, 180], 255).astype(np.float32)
        series = Series(name="a", colour="#1f77b4", hollow=hollow)
        with pytest.raises(SpecError, match=words):
            find(image, series, Chart(background="#ffffff"), "here")
