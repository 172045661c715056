"""Spoiled files of every kind: each loads, or is refused in clear lines, soon and in little memory.

A few hundred in the quick run; `-m slow` tries 100,000 and prints how many loaded and how many were
refused, reader by reader.
"""

from __future__ import annotations

import random
import resource
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
if not (ROOT / "scripts" / "fuzz_readers.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)
MANY = 100_000
NAMES = (
    "points", "project", "saved project", "image", "axes", "epoch", "records", "lines", "arc",
    "inspect", "hal", "scenarios", "priors", "constants", "claims", "benchmarks", "sources",
    "shifts", "tradeoff", "gpt_ladder", "overlaps",
)  # fmt: skip


@pytest.fixture(scope="module")
def fuzz():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import fuzz_readers
    return fuzz_readers


def test_every_reader_is_tried(fuzz):
    assert sorted(fuzz.readers()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_good_files_load(fuzz, name, tmp_path):
    reader = fuzz.readers()[name]
    for seed in reader.seeds:
        assert fuzz.outcome(reader, tmp_path / reader.file, seed) == "loads"


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rng=st.randoms(use_true_random=False))
def test_a_spoiled_file_loads_or_is_refused(fuzz, name, tmp_path, rng):
    reader = fuzz.readers()[name]
    content = fuzz.spoiled(rng.choice(reader.seeds), reader.file, rng)
    assert fuzz.outcome(reader, tmp_path / reader.file, content) in ("loads", "refused")


@pytest.mark.slow
def test_a_hundred_thousand_spoiled_files(fuzz, tmp_path, figures):
    found = fuzz.readers()
    counts: dict[str, Counter[str]] = {}
    slowest = 0.0
    for name, reader in found.items():
        rng, own = random.Random(name), counts.setdefault(name, Counter())
        for _ in range(MANY // len(found) + 1):
            content = fuzz.spoiled(rng.choice(reader.seeds), reader.file, rng)
            # of this process: what else the machine does is no fault of a reader
            start = time.process_time()
            own[fuzz.outcome(reader, tmp_path / reader.file, content)] += 1
            slowest = max(slowest, time.process_time() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    for name, own in counts.items():
        print(f"  {name}: {own['loads']:,} load, {own['refused']:,} refused")
    assert slowest < 5
    assert memory < 1
    assert all(own["loads"] and own["refused"] for own in counts.values())
    total = sum(counts.values(), Counter())
    told = {"inputs": total.total(), "load": total["loads"], "refused": total["refused"]}
    worst = {"slowest_s": round(slowest, 2), "memory_gib": round(memory, 2)}
    figures("spoiled files", told | {"tracebacks": 0} | worst)
