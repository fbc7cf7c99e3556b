"""When to try a download again: back-off with jitter, longer each time, until patience is out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from catstudio.core.errors import NetworkError
from catstudio.models.web import Check, DroppedError

Sleep = Callable[[float], None]

_TICK = 0.1


class Patience(Struct, frozen=True, kw_only=True):
    """How long failures are borne: the k-th wait in a row is between half and all of ``first`` ×
    2^(k - 1) seconds, at most ``longest``; after ``tries`` failures in a row it is enough.
    A failure after new bytes counts as the first."""

    first: float = 1.0
    longest: float = 60.0
    tries: int = 8


def sleep_for(check: Check) -> Sleep:
    """A sleep that Cancel ends."""

    def sleep(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            check()
            time.sleep(min(left, _TICK))
        check()

    return sleep


class Attempts:
    """Counts failures in a row of one thing called ``what``, and waits after each."""

    def __init__(self, what: str, patience: Patience, sleep: Sleep) -> None:
        self._what = what
        self._patience = patience
        self._sleep = sleep
        self._failures = 0
        self.total = 0

    def went_on(self) -> None:
        """Bytes arrived: the next failure is the first again."""
        self._failures = 0

    def failed(self, dropped: DroppedError) -> None:
        """Wait before the next try. Raises :class:`NetworkError` when it was one too many."""
        self._failures += 1
        self.total += 1
        if self._failures >= self._patience.tries:
            raise NetworkError(
                f"{self._what} could not be downloaded: {dropped.reason}, "
                f"{self._failures} times in a row.",
                "What has arrived is kept. Check the connection and download again.",
            ) from dropped
        doubled = self._patience.first * 2 ** (self._failures - 1)
        wait = min(doubled, self._patience.longest) * random.uniform(0.5, 1.0)
        self._sleep(max(wait, dropped.wait))

    @contextmanager
    def once(self) -> Iterator[None]:
        """One try; a drop inside is counted and waited for. Loop until it passes."""
        try:
            yield
        except DroppedError as dropped:
            self.failed(dropped)
