"""Points of one source as a project of WebPlotDigitizer, to be looked at and added to there.

The axes are those of a made-up image of 1000 by 600 pixels: the program reads values from the
calibration, and ours from the project, whatever image is laid under them.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from tenfold.files import SpecError, did_you_mean

WIDTH, HEIGHT, EDGE = 1000.0, 600.0, 50.0


def project(points: xr.Dataset, source: str) -> str:
    """The points of a source, a dataset for each series, on a log axis of compute.

    Args:
        points: evidence of a run, dim `obs`.

    Raises:
        SpecError: no such source.
    """
    own = points["source"].values == source
    if not own.any():
        known = sorted(set(points["source"].values.tolist()))
        raise SpecError(f"no source {source!r}{did_you_mean(source, known)}")
    x, y = points["log10_compute"].values[own], points["score"].values[own]
    index = points["series_index"].values[own]
    ends = np.array([np.floor(x.min()), np.floor(x.max()) + 1])
    width, height = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    px = EDGE + width * (x - ends[0]) / (ends[1] - ends[0])
    py = HEIGHT - EDGE - height * y
    sets = [
        {
            "name": str(points["series"].values[i]),
            "axesName": "XY",
            "metadataKeys": [],
            "colorRGB": [200, 0, 0, 255],
            "data": [
                {"x": float(px[k]), "y": float(py[k]), "value": [float(10 ** x[k]), float(y[k])]}
                for k in np.flatnonzero(index == i)
            ],
            "autoDetectionData": None,
        }
        for i in sorted(set(index.tolist()))
    ]
    units = sorted({str(points["series_unit"].values[i]) for i in set(index.tolist())})
    axes: dict[str, Any] = {
        "name": "XY",
        "type": "XYAxes",
        "isLogX": True,
        "isLogY": False,
        "noRotation": True,
        "calibrationPoints": [
            _click(EDGE, HEIGHT - EDGE, 10 ** ends[0], 0.0),
            _click(WIDTH - EDGE, HEIGHT - EDGE, 10 ** ends[1], 0.0),
            _click(EDGE, HEIGHT - EDGE, 10 ** ends[0], 0.0),
            _click(EDGE, EDGE, 10 ** ends[0], 1.0),
        ],
    }
    about = {"source": source, "compute_unit": ", ".join(units), "score": "0 to 1"}
    found = {"version": [4, 2], "tenfold": about, "axesColl": [axes], "datasetColl": sets}
    return json.dumps(found | {"measurementColl": []}, indent=1, allow_nan=False) + "\n"


def _click(px: float, py: float, x: float, y: float) -> dict[str, Any]:
    return {"px": px, "py": py, "dx": repr(float(x)), "dy": repr(float(y)), "dz": None}
