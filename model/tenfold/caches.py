"""Where libraries keep what they compile: beside the code, with the user, or for one process.

numba looks beside the code and then in the user's cache, matplotlib in the user's alone. Both have
a variable of their own, which is left as it is where somebody set it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path


@cache
def prepare() -> None:
    """Give libraries a folder of this process where they could keep nothing.

    To be called before matplotlib or numba is imported. A read-only installation without a home is
    such a place for machine code; one warning says what that costs.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    if _writable(home):
        return
    folder = tempfile.mkdtemp(prefix="tenfold-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("MPLCONFIGDIR", folder)
    if "NUMBA_CACHE_DIR" in os.environ or _writable(Path(__file__).parent / "__pycache__"):
        return
    os.environ["NUMBA_CACHE_DIR"] = folder
    warnings.warn(
        f"{home} cannot be written: what is compiled serves this process alone (a minute each); "
        "to keep it, set HOME or XDG_CACHE_HOME to a folder of yours",
        RuntimeWarning,
        stacklevel=2,
    )


def _writable(path: Path) -> bool:
    """Whether files can be made in a folder, or in the nearest one above it that is there."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
