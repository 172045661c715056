"""Charts to points with errors: WebPlotDigitizer projects, and images read automatically.

Two kinds of error are kept apart. The *point* error (where the marker's centre is) is independent
from point to point and ends up in `log10_compute_se` and `score_se`. The *axis* error (where the
calibration clicks are) moves all points of a chart together; it is reported per chart, as an
offset and a scale, and its compute scale becomes `log10_axis_scale_se` of the source.

`axes` holds what a user says of a chart and the map from pixels to values, `projects` the file
format, `spots`, `shapes` and `markers` the reading of images, `table` the result.
"""

from tenfold.evidence.digitise.axes import AxesFile, Axis, Calibration, Chart, Series
from tenfold.evidence.digitise.read import digitise_chart, digitise_image, digitise_project
from tenfold.evidence.digitise.table import Digitised

__all__ = [
    "AxesFile",
    "Axis",
    "Calibration",
    "Chart",
    "Digitised",
    "Series",
    "digitise_chart",
    "digitise_image",
    "digitise_project",
]
