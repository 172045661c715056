"""Without a place for compiled code: it compiles all the same, says so once, and leaves nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import tenfold

MODULE = """
import numba

@numba.njit(cache=True)
def twice(x):
    return 2 * x
"""
PROGRAM = """
from tenfold import caches
caches.prepare()
caches.prepare()
import matplotlib.font_manager
import code_of_ours
assert code_of_ours.twice(21) == 42
"""


def test_nowhere_to_keep_compiled_code(tmp_path):
    """Files where folders are wanted: nobody can write there, not even root."""
    package = tmp_path / "tenfold"
    package.mkdir()
    for name in ("__init__.py", "caches.py"):
        shutil.copy(Path(tenfold.__file__).parent / name, package)
    (tmp_path / "code_of_ours.py").write_text(MODULE)
    for folder in (tmp_path, package):
        (folder / "__pycache__").write_text("a file")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    own = ("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    changed = {"HOME": "/dev/null", "PYTHONPATH": str(tmp_path), "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=kept | changed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Warning") == 1, done.stderr
    assert "/dev/null/.cache cannot be written" in done.stderr
    assert list(temporary.iterdir()) == []
