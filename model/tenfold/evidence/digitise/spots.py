"""Spots of one colour in an image: where they are, how large, and which of their pixels count.

A pixel's *cover* is the share of it that a marker covers, from its colour between background and
marker colour; edges of anti-aliased markers count in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage, signal
from skimage import measure
from skimage.measure import regionprops
from skimage.morphology import disk
from skimage.segmentation import expand_labels

from tenfold.evidence.digitise.axes import Chart
from tenfold.files import SpecError

MAX_PARTS = 20_000
"""Most connected parts of a colour: noise has more."""
MAX_SPOTS = 500
"""Most markers of one colour."""
MAX_THICKNESS, MAX_AREA = 160, 20_000
"""Largest marker, in pixels across and in all."""


class NoMarkers(ValueError):
    """What has the colour cannot be read as markers."""


@dataclass(frozen=True)
class Blob:
    """A connected spot: `box` (left, top) of its window, the pixels' cover there, and its centres.

    `known`: pixels that tell something of this spot (no other spot, no other colour, no line).
    """

    box: np.ndarray
    cover: np.ndarray
    known: np.ndarray
    area: float
    centroid: np.ndarray
    symmetric: np.ndarray
    noise: np.ndarray
    clean: bool
    solidity: float
    eccentricity: float


def rgb(colour: str) -> np.ndarray:
    """`#rrggbb` as floats (3,)."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def common_colour(pixels: np.ndarray) -> np.ndarray:
    """The most frequent colour of `pixels` (n, 3), taken as the background."""
    packed = pixels.astype(np.int64) @ np.array([65536, 256, 1])
    value = int(np.bincount(packed).argmax())
    return np.array([value >> 16, value >> 8 & 255, value & 255], dtype=float)


def region(image: np.ndarray, chart: Chart, where: str) -> np.ndarray:
    """Where to look, as booleans (height, width), from `region` and `exclude`.

    Raises:
        SpecError: a rectangle that is empty or outside the image.
    """
    height, width = image.shape[:2]
    allowed = np.zeros((height, width), dtype=bool)
    for number, rectangle in enumerate([chart.region or [0, 0, width, height], *chart.exclude]):
        left, top, right, bottom = rectangle
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise SpecError(
                f"{where}: rectangle {rectangle}; expected [left, top, right, bottom] within the "
                f"image, 0 to {width} across and 0 to {height} down"
            )
        allowed[top:bottom, left:right] = number == 0
    return allowed


def components(mask: np.ndarray, connectivity: int) -> np.ndarray:
    """Connected parts of a mask, numbered from 1; connectivity 2 joins across corners."""
    return np.asarray(measure.label(mask, connectivity=connectivity))


def grow(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask and all pixels within `radius` of it."""
    return np.asarray(ndimage.binary_dilation(mask, disk(radius)), dtype=bool)


def opened(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask opened by a disk, by distances: the time does not grow with the radius."""
    padded = np.pad(mask, 1)  # beyond the image there is nothing
    centres = np.asarray(ndimage.distance_transform_edt(padded)) > radius
    away = np.asarray(ndimage.distance_transform_edt(~centres))
    return ((away <= radius) & centres.any())[1:-1, 1:-1]


def outlined(core: np.ndarray, known: np.ndarray) -> bool:
    """Whether the markers have an outline of another colour: most of their rims are unknown."""
    rim = grow(core, 1) & ~core
    return bool(rim.any()) and float((~known)[rim].mean()) > 0.6


def hollow_markers(share: np.ndarray, tint: np.ndarray, tolerance: float) -> np.ndarray:
    """Mask of hollow markers with their insides; lines and all else that is not one left out.

    A hollow marker is a compact hole of the usual size in a ring of the marker's colour. Thin rings
    are paler than their colour, and JPEG takes colour from them: the cover at which they are cut
    out is the one that shows most holes of one size, and the colour is judged on the whole ring.

    Args:
        share: cover (height, width). tint: what its colour has beside the marker's colour and the
            background's (height, width, 3), infinite outside the region. tolerance: of the tint.
    """
    inside = np.isfinite(tint[..., 0])
    best, holes = np.zeros(share.shape, dtype=bool), np.zeros(share.shape, dtype=bool)
    most = 0
    for least in (0.7, 0.6, 0.5, 0.4, 0.3):
        ring = np.asarray(ndimage.binary_closing((share > least) & inside, disk(1)), dtype=bool)
        found = alike_holes(ring, tint, tolerance)
        count = int(components(found, 1).max())
        if count > most:
            most, best, holes = count, ring, found
    away = np.asarray(ndimage.distance_transform_edt(~holes))
    width = 1
    while width < 12 and best[(away > width) & (away <= width + 1)].mean() > 0.5:
        width += 1
    return holes | (best & (away <= width + 0.5)) if most else holes


def alike_holes(ring: np.ndarray, tint: np.ndarray, tolerance: float) -> np.ndarray:
    """Mask of the compact holes of the most common size whose ring has no other colour.

    Raises:
        NoMarkers: too many.
    """
    filled = np.asarray(ndimage.binary_fill_holes(ring), dtype=bool)
    most = 0.003 * np.isfinite(tint[..., 0]).sum()  # the cells of a grid are larger
    found = []
    holes = components(filled & ~ring, 1)
    if holes.max() > MAX_PARTS:
        raise NoMarkers(f"{holes.max()} holes in the colour; expected at most {MAX_PARTS}")
    for hole in regionprops(holes):
        if len(found) > MAX_SPOTS:
            raise NoMarkers(f"more than {MAX_SPOTS} hollow markers; expected fewer")
        if not 6 <= hole.area <= most or hole.solidity < 0.8 or hole.eccentricity > 0.8:
            continue
        top, left, bottom, right = hole.bbox
        view = np.s_[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3]
        own = np.zeros(ring.shape, dtype=bool)[view]
        own[tuple((hole.coords - [view[0].start, view[1].start]).T)] = True
        rim = grow(own, 2) & ring[view]
        if rim.any() and np.linalg.norm(tint[view][rim].mean(axis=0)) <= tolerance:
            found.append(hole)
    mask = np.zeros(ring.shape, dtype=bool)
    if found:
        area = np.array([hole.area for hole in found])
        near = np.abs(np.log(area[:, None] / area)) < np.log(1.5)
        usual = area[np.lexsort((area, near.sum(axis=1)))[-1]]
        for hole in found:
            if abs(np.log(hole.area / usual)) < np.log(1.8):
                mask[tuple(hole.coords.T)] = True
    return mask


def spots(core: np.ndarray, share: np.ndarray, known: np.ndarray) -> tuple[list[Blob], int]:
    """Spots at least as thick as half a marker, without the lines that join them.

    Returns the spots and how many were ignored as much smaller than the others.

    Raises:
        NoMarkers: too many, or one too large to be a marker.
    """
    depth = ndimage.distance_transform_edt(core)
    parts = components(core, 2)
    if parts.max() > MAX_PARTS:
        raise NoMarkers(f"{parts.max()} spots of the colour; expected at most {MAX_PARTS}")
    depths = np.array(ndimage.maximum(depth, parts, np.arange(1, parts.max() + 1)))
    if not depths.size:
        return [], 0
    thick = float(np.median(depths[depths >= 0.6 * depths.max()]))
    if thick > MAX_THICKNESS / 2:
        raise NoMarkers(
            f"spots {2 * thick:.0f} pixels thick; expected markers of at most {MAX_THICKNESS}"
        )
    radius = int(thick / 2) if thick >= 2 else 0
    labels = parts
    if radius:
        labels = components(opened(core, radius), 1)
    thin = np.flatnonzero(depths < 0.6 * depths.max()) + 1
    if standalone(np.where(np.isin(parts, thin), 0, parts), labels):
        # thin arms (stars, crosses, corners) belong to the markers: there are no lines to remove
        radius, labels = 0, parts
    owner = np.asarray(expand_labels(labels, distance=1.5 + 0.4 * radius))  # pyright: ignore
    items = regionprops(labels)
    # pieces of lines and letters are thinner than any marker
    thickness = np.array(ndimage.maximum(depth, labels, np.arange(1, labels.max() + 1)))
    deep = [i for i, t in zip(items, thickness, strict=True) if t >= 0.5 * thickness.max()]
    if len(deep) > MAX_SPOTS:
        raise NoMarkers(f"{len(deep)} markers; expected at most {MAX_SPOTS}")
    if (largest := max((item.area for item in deep), default=0)) > MAX_AREA:
        raise NoMarkers(f"a spot of {largest:.0f} pixels; expected markers of at most {MAX_AREA}")
    if not deep:
        return [], len(items)
    blobs = [blob(item, core, share, known, owner) for item in deep]
    least = 0.35 * usual_area(blobs)
    kept = [b for b in blobs if b.area >= least]
    return kept, len(items) - len(kept)


def standalone(parts: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the connected parts are markers of one size that nothing joins."""
    items = regionprops(parts)
    boxes = np.array([[p.bbox[2] - p.bbox[0], p.bbox[3] - p.bbox[1]] for p in items])
    if len(boxes) < 4 or labels.max() > 1.5 * len(boxes):
        return False
    usual = np.median(boxes, axis=0)
    return bool((np.abs(boxes - usual) <= 1 + 0.1 * usual).all(axis=1).mean() > 0.6)


def usual_area(blobs: Sequence[Blob]) -> float:
    """Area of one marker: the median over compact spots, clusters and crumbs left out."""
    area = np.array([b.area for b in blobs])
    compact = np.array([b.solidity > 0.85 and b.eccentricity < 0.7 for b in blobs])
    pool = area[compact] if compact.any() else area
    pool = pool[pool >= 0.3 * np.quantile(pool, 0.75)]
    return float(np.median(pool))


def blob(
    item: Any, core: np.ndarray, share: np.ndarray, known: np.ndarray, owner: np.ndarray
) -> Blob:
    """Measure one labelled spot (`item`, of regionprops) in the pixels it owns."""
    pad = 8
    top, left = max(item.bbox[0] - pad, 0), max(item.bbox[1] - pad, 0)
    view = np.s_[top : item.bbox[2] + pad, left : item.bbox[3] + pad]
    own, others = owner[view] == item.label, owner[view] != 0
    others &= ~own
    cover = np.where(own, share[view], 0)
    # nothing is known where a line of the marker's own colour enters the spot, and at the rim of
    # something in front of it, whose colour mixes with the marker's to what looks like half cover
    lines = core[view] & ~own & ~others
    front = np.asarray(ndimage.binary_opening(~known[view], disk(2)), dtype=bool)
    hidden = others | ~known[view] | grow(lines, 2) | grow(front, 1)
    outside = ~grow(own | lines | others, 2) & known[view]
    sigma = float(share[view][outside].std()) if outside.sum() > 20 else 0.0
    rows, cols = np.indices(cover.shape)
    weight = float(cover.sum())
    centroid = np.array([(cover * cols).sum(), (cover * rows).sum()]) / weight
    arms = [((cols - centroid[0])[own] ** 2).sum(), ((rows - centroid[1])[own] ** 2).sum()]
    corner = np.array([left, top])
    return Blob(
        corner,
        cover,
        ~hidden,
        weight,
        centroid + corner,
        symmetric_centre(cover) + corner,
        sigma * np.sqrt(arms) / weight,
        not bool((hidden & grow(own, 1)).any()),
        float(item.solidity),
        float(item.eccentricity),
    )


def symmetric_centre(cover: np.ndarray) -> np.ndarray:
    """The (x, y) about which a patch is most nearly point-symmetric.

    The peak of the patch convolved with itself is at twice the centre. What sticks out on one
    side only (the end of a line) has no partner and does not pull.
    """
    product = signal.fftconvolve(cover, cover)
    row, col = np.unravel_index(int(product.argmax()), product.shape)
    centre = []
    for axis, (index, size) in enumerate(zip((row, col), product.shape, strict=True)):
        index = min(max(int(index), 1), size - 2)
        line = product[:, col] if axis == 0 else product[row]
        before, here, after = line[index - 1 : index + 2]
        bend = before - 2 * here + after
        centre.append((index + (0.5 * (before - after) / bend if bend < 0 else 0.0)) / 2)
    return np.array(centre[::-1])
