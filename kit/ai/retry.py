"""When a call that failed is tried again: pure functions, with time and chance as arguments."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

TRIES = 3
"""Most times that one message is sent."""

_FIRST_S = 0.5
_LONGEST_S = 8.0
_JITTER_S = 0.25


@dataclass(frozen=True)
class Timing:
    """The clocks that a client goes by.

    Parameters
    ----------
    clock : callable
        Seconds that never go back: for deadlines.
    wall : callable
        Seconds since the epoch: for dates.
    sleep : callable
        Waits for some seconds.
    """

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def retry_after_s(header: str | None, now: float) -> float | None:
    """Return the seconds that a ``retry-after`` header asks for; None if it makes no sense.

    Parameters
    ----------
    header : str or None
        Seconds, or an HTTP date.
    now : float
        Seconds since the epoch.

    Examples
    --------
    >>> retry_after_s("2", 0.0), retry_after_s("Thu, 01 Jan 1970 00:01:30 GMT", 60.0)
    (2.0, 30.0)
    >>> retry_after_s("soon", 0.0) is None
    True
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = max(parsedate_to_datetime(header).timestamp() - now, 0.0)
        except (ValueError, OverflowError, OSError):
            return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def pause_s(tried: int, asked: float | None, rng: random.Random) -> float:
    """Return how long to wait after the `tried`-th try.

    What the server asked for and a little more, so that clients do not come back all at once; or
    a pause that doubles, of which at least half is waited.

    Examples
    --------
    >>> rng = random.Random(1)
    >>> 2.0 <= pause_s(1, 2.0, rng) <= 2.25, 0.5 <= pause_s(2, None, rng) <= 1.0
    (True, True)
    """
    if asked is not None:
        return asked + rng.uniform(0.0, _JITTER_S)
    return rng.uniform(0.5, 1.0) * min(_FIRST_S * 2.0 ** (tried - 1), _LONGEST_S)
