"""`make bench`: how long the slowest computations take here, as ratios to a reference loop of the same run.

python -m tests.bench [--orders 10000] [--technicians 2500]

Ratios can be compared between machines, seconds are for orientation. Nothing here is part of `make test`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import structlog

from tests.bench.reference import Measured, measured
from tests.bench.sla import recalculation
from tests.bench.suggesting import COUNTRY, REGION, suggestions


def main() -> None:
    """Measures and prints one line each."""
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--orders", type=int, default=10_000, help="open targets to compute anew")
    asked.add_argument("--technicians", type=int, default=2_500, help="technicians to compare")
    options = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.stdout.write(f"{'measure':<52}{'here':>12}{'reach':>12}{'× reference':>13}\n")
    _line(f"{options.orders:,} SLA targets computed anew", "30 s", _on_sqlite(recalculation, options.orders, times=1))
    for told, spread, one_elsewhere_of, reach in (
        ("", COUNTRY, 10, "50 ms"),
        (", of one region", REGION, 10, "–"),
        (", of one region, elsewhere", REGION, 1, "–"),
    ):
        story = partial(suggestions, spread=spread, one_elsewhere_of=one_elsewhere_of)
        name = f"suggestions of {options.technicians:,} technicians{told}"
        _line(name, reach, _on_sqlite(story, options.technicians, times=15))


def _on_sqlite(
    story: Callable[[str, int], AbstractContextManager[Callable[[], None]]], count: int, times: int
) -> Measured:
    with tempfile.TemporaryDirectory() as folder, story(f"sqlite:///{folder}/bench.sqlite3", count) as work:
        return measured(work, times)


def _line(name: str, reach: str, found: Measured) -> None:
    here = f"{found.seconds:.2f} s" if found.seconds >= 1 else f"{found.seconds * 1000:.1f} ms"
    sys.stdout.write(f"{name:<52}{here:>12}{reach:>12}{found.ratio:>13.1f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
