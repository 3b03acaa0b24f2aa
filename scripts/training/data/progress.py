"""The progress bar that all stages share."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tqdm import tqdm


def bar(items: Iterable, title: str, total: int | None = None, *, shown: bool = True) -> tqdm:
    """Shows how many of the items are done, and the time that the rest takes; on a terminal only."""
    hidden = not shown or not sys.stderr.isatty()
    return tqdm(items, title, total, disable=hidden, mininterval=1, leave=False)


def duration(seconds: float) -> str:
    """A time that is left, to a person: ``40 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
