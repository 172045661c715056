"""Markers of one colour in a chart image: sub-pixel centres with errors, and an overlay picture.

Works on images as arrays (height, width, 3) of floats 0 to 255, whole numbers at pixel centres,
x to the right and y down.

Every error is a standard error in pixels. It holds: rounding, where the drawing program put markers
on whole pixels (seen from the common fractional part of the centres) or where too few markers tell;
image noise; asymmetry of the marker (a line on one side, something in front of it); and for markers
taken apart from a cluster, or seen in part, the error of fitting the chart's own marker shape.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from tenfold.evidence.digitise.axes import Chart, Series
from tenfold.evidence.digitise.shapes import TOUCHED_SE, take_apart, template
from tenfold.evidence.digitise.spots import (
    Blob,
    NoMarkers,
    common_colour,
    hollow_markers,
    outlined,
    region,
    rgb,
    spots,
    usual_area,
)
from tenfold.files import SpecError, read_bytes

MAX_PIXELS = 6_000_000
"""Largest image read, that of a large screen; a decompression bomb is larger."""
MAX_BYTES = 64 * 1024 * 1024
MAX_DOUBTFUL, MAX_APART = 100, 200_000
"""Most spots of one colour that are not single markers, and most pixels of them with what is around
them: each is taken apart, which takes long."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
ROUNDING_SE = 0.341
"""Half-width, in pixels, that holds 68.27% of an error uniform over one pixel."""
FLOOR_SE = 0.05
"""Quantised colours and uneven edges of a clean marker, pixels."""


@dataclass(frozen=True)
class Marker:
    """Centre of a marker and its standard errors, pixels; `flag` says what is doubtful about it."""

    x: float
    y: float
    x_se: float
    y_se: float
    flag: str = ""


@dataclass(frozen=True)
class Found:
    """Markers of one series, left to right, and what the user should know."""

    markers: tuple[Marker, ...]
    notes: tuple[str, ...]


def read_image(path: Path) -> np.ndarray:
    """An image file as floats (height, width, 3), transparency laid over white.

    Raises:
        SpecError: missing, not an image of a known format, broken, or more than `MAX_PIXELS`.
    """
    content = read_bytes(path, MAX_BYTES)
    try:
        with warnings.catch_warnings():
            # Pillow warns of very large images; here they are errors
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as file:
                width, height = file.size
                if width * height > MAX_PIXELS:
                    raise SpecError(
                        f"{path}: {width} x {height} pixels; expected at most {MAX_PIXELS} (cut "
                        "the chart out)"
                    )
                picture = file.convert("RGBA")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise SpecError(f"{path}: too many pixels; expected at most {MAX_PIXELS}") from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        known = ", ".join(FORMATS)
        raise SpecError(f"{path}: cannot be read as {known} ({error})") from None
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"), dtype=np.float32)


def find(image: np.ndarray, series: Series, chart: Chart, where: str) -> Found:
    """Markers of a series' colour.

    Raises:
        SpecError: a region outside the image, a colour like the background, or nothing found.
    """
    allowed = region(image, chart, where)
    colour = rgb(series.colour or "").astype(np.float32)
    ground = rgb(chart.background) if chart.background else common_colour(image[allowed])
    ground = ground.astype(np.float32)
    gap = float(np.linalg.norm(colour - ground))
    if gap < 40:
        raise SpecError(
            f"{where}: colour {series.colour} is too close to the background "
            f"#{''.join(f'{int(c):02x}' for c in ground)}; expected a distance of at least 40"
        )
    try:
        return _find(image, series, chart, allowed, colour, ground)
    except NoMarkers as error:
        raise SpecError(f"{where}: {error} (colour, tolerance, region?)") from None


def _find(
    image: np.ndarray,
    series: Series,
    chart: Chart,
    allowed: np.ndarray,
    colour: np.ndarray,
    ground: np.ndarray,
) -> Found:
    """As `find`, once the region and the colours are known.

    Raises:
        NoMarkers: none, or more than are read in seconds.
    """
    gap = float(np.linalg.norm(colour - ground))
    share = np.clip((image - ground) @ (colour - ground) / gap**2, 0, 1).astype(float)
    tint = image - (ground + share[..., None] * (colour - ground))
    off = np.linalg.norm(tint, axis=2)
    known = off <= max(series.tolerance, gap / 4)
    if series.hollow:
        core = hollow_markers(share, np.where(allowed[..., None], tint, np.inf), series.tolerance)
        inside = np.asarray(ndimage.binary_erosion(core), dtype=bool)
        known |= core
        share[~known] = 0
        share[inside] = 1
    else:
        share[~known] = 0
        reach = min(series.tolerance, gap / 2)
        core = (np.linalg.norm(image - colour, axis=2) <= reach) & allowed
    framed = outlined(core, known)
    if framed:
        known[:] = True  # the outline ends the marker as well as the background does
    blobs, ignored = spots(core, share, known)
    if not blobs:
        raise NoMarkers(f"no marker of colour {series.colour} found")
    what = "pieces of lines, letters, markers mostly hidden"
    notes = [f"{ignored} spots much smaller than a marker ignored ({what})"] if ignored else []
    return measure(blobs, series, notes, TOUCHED_SE if framed else FLOOR_SE)


def measure(blobs: Sequence[Blob], series: Series, notes: list[str], floor_se: float) -> Found:
    """Markers of the spots: one each where a spot is like the others, else several or doubtful."""
    usual = usual_area(blobs)
    alike = [looks_alike(b, blobs, usual) for b in blobs]
    if (unlike := alike.count(False)) > MAX_DOUBTFUL:
        raise NoMarkers(f"{unlike} spots are not single markers; expected at most {MAX_DOUBTFUL}")
    apart = sum(b.cover.size for b, ok in zip(blobs, alike, strict=True) if not ok)
    if apart > MAX_APART:
        raise NoMarkers(
            f"spots that are not single markers take {apart} pixels; expected at most {MAX_APART}"
        )
    models = [b for b, ok in zip(blobs, alike, strict=True) if ok]
    clean = [b for b in models if b.clean]
    models = clean if len(clean) >= 3 else models or [min(blobs, key=lambda b: abs(b.area - usual))]
    shape = template(models)
    tilt = np.median([b.centroid - b.symmetric for b in models], axis=0)
    single: list[np.ndarray] = []
    raw: list[tuple[np.ndarray, np.ndarray, str]] = []
    for b, ok in zip(blobs, alike, strict=True):
        if ok and b.clean:
            lean = (b.centroid - b.symmetric - tilt) / 2
            raw.append((b.centroid, np.sqrt(floor_se**2 + lean**2 + b.noise**2), ""))
        else:
            raw += take_apart(b, shape, usual, ok)
        if ok:
            single.append(raw[-1][0])
    rounding = [ROUNDING_SE * spacing([centre[i] for centre in single]) for i in (0, 1)]
    move, doubt, note = anchor(shape, series)
    found = []
    for centre, se, flag in raw:
        x, y = centre + move
        x_se, y_se = np.sqrt(se**2 + np.square(rounding) + doubt**2)
        found.append(Marker(float(x), float(y), float(x_se), float(y_se), flag))
    found.sort(key=lambda m: m.x)
    doubtful = sum(bool(m.flag) for m in found)
    notes = [*notes, note, f"{doubtful} of {len(found)} markers flagged" if doubtful else ""]
    return Found(tuple(found), tuple(filter(None, notes)))


def anchor(shape: np.ndarray, series: Series) -> tuple[np.ndarray, np.ndarray, str]:
    """Where in a marker its value sits: (move from the centroid, error, note), in pixels (x, y).

    For round and square markers centroid and middle of the bounding box are the same; for
    triangles they differ by a sixth of the height, and programs put the value at either.
    """
    middle = []
    for axis in (0, 1):
        profile = np.pad(shape.max(axis=axis) / shape.max(), 1)  # over rows first: along x
        inside = np.flatnonzero(profile >= 0.5)
        first, last = int(inside[0]), int(inside[-1])
        low = first - (profile[first] - 0.5) / max(profile[first] - profile[first - 1], 1e-9)
        high = last + (profile[last] - 0.5) / max(profile[last] - profile[last + 1], 1e-9)
        middle.append((low + high) / 2 - 1 - len(shape) // 2)
    move = np.array(middle)
    if series.anchor == "box":
        # the tip of a triangle fades out before it ends
        return move, np.where(np.abs(move) > 0.3, 0.25, 0.0), ""
    if series.anchor == "centroid" or np.abs(move).max() < max(0.3, 0.08 * math.sqrt(shape.sum())):
        return np.zeros(2), np.zeros(2), ""
    note = (
        "markers are lopsided (triangles?): their centroid was taken; anchor = 'box' would move "
        f"them by ({move[0]:.2f}, {move[1]:.2f}) px, half of which is in the errors"
    )
    return np.zeros(2), np.abs(move) / 2, note


def looks_alike(b: Blob, blobs: Sequence[Blob], usual: float) -> bool:
    """Whether a spot has the area and outline of one marker; small markers are more ragged."""
    ragged = 1 / math.sqrt(usual)
    solidity = float(np.median([c.solidity for c in blobs]))
    eccentricity = float(np.median([c.eccentricity for c in blobs]))
    return (
        abs(b.area / usual - 1) < 0.1 + 0.5 * ragged
        and b.solidity > solidity - 0.05 - 0.5 * ragged
        and b.eccentricity < eccentricity + 0.2 + 2 * ragged
    )


def spacing(positions: Sequence[float]) -> float:
    """Step, in pixels, of the lattice that marker centres sit on; 0 where they sit on none.

    Rayleigh test at one pixel (level 1%), then the highest peak of the periodogram of finer
    lattices, of images reduced after drawing (level 5%, over its independent frequencies). With
    fewer than 5 markers one pixel is assumed, with fewer than 20 and no peak half a pixel.
    """
    x = np.asarray(positions, dtype=float)
    if len(x) < 5:
        return 1.0
    frequency = np.arange(1, 4, 0.2 / max(np.ptp(x), 1))
    waves = np.zeros(len(frequency), dtype=complex)
    for position in x:  # one after the other: a table of all would take 1 GiB
        waves += np.exp(2j * np.pi * frequency * position)
    power = np.abs(waves) ** 2 / len(x)
    if power[0] > max(4.6, power.max() / 2):
        return 1.0
    if power.max() > np.log(len(frequency) / 5 / 0.05):
        return float(1 / frequency[power.argmax()])
    return 0.5 if len(x) < 20 else 0.0


def draw(
    image: np.ndarray, found: Sequence[tuple[np.ndarray, Sequence[str]]], chart: Chart
) -> Image.Image:
    """The image with every centre crossed and numbered in table order, to check by eye.

    `found`: per series the centres (n, 2) and flags (n,). Flagged markers are orange, the others
    magenta; the calibration ticks are cyan lines across the image.
    """
    zoom = 1 if image.shape[1] > 2400 else 2
    picture = Image.fromarray(image.astype(np.uint8))
    picture = picture.resize(
        (picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST
    )
    pen, font, arm = ImageDraw.Draw(picture), ImageFont.load_default(11 * zoom), 4 * zoom
    for axis, lines in enumerate((chart.x, chart.y)):
        for pixel, _ in lines.ticks if lines else []:
            at = (pixel + 0.5) * zoom
            far = picture.width if axis else picture.height
            pen.line([(0, at), (far, at)] if axis else [(at, 0), (at, far)], fill="#00b7c4")
    number = 0
    for centres, flags in found:
        for (x, y), flag in zip(centres, flags, strict=True):
            number += 1
            colour = "#ff6a00" if flag else "#e600e6"
            left, top = (x + 0.5) * zoom, (y + 0.5) * zoom
            pen.line([(left - arm, top), (left + arm, top)], fill=colour)
            pen.line([(left, top - arm), (left, top + arm)], fill=colour)
            pen.text((left + arm, top - 4 * arm), str(number), fill=colour, font=font)
    return picture
