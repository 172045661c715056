"""A stored run as the report reads it."""

from __future__ import annotations

import pytest

from tenfold.report import stored


@pytest.fixture(scope="module")
def kept(prior_run) -> stored.Stored:
    return stored.read(prior_run)
