"""Ctrl-C ends a fit at once, whatever it is doing, and nothing of it is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import signal, sys
from tenfold.cli.app import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
sys.exit(main())
"""


@pytest.mark.parametrize("told", ["compiling", "sampling"])
def test_an_interrupted_fit_ends_at_once_and_leaves_nothing(tmp_path, told):
    command = [sys.executable, "-c", PROGRAM, "fit", "--scenario", "logistic", "--draws", "100000"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as fit:
        assert fit.stderr is not None
        for line in fit.stderr:
            if line.startswith(told):
                break
        start = time.monotonic()
        fit.send_signal(signal.SIGINT)
        try:
            _, rest = fit.communicate(timeout=60)
        finally:
            fit.kill()
        status = fit.returncode
    assert status == 130, rest
    assert time.monotonic() - start < 2
    assert rest.splitlines()[-1] == "interrupted"
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
