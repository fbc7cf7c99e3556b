"""The pairs of a round and what was answered, ahead of the store. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from catstudio.core.blind import Answer, BlindPair


class BlindRound:
    """Pairs in their order; the first that is open is the one to show."""

    def __init__(self, pairs: Iterable[BlindPair] = ()) -> None:
        self._pairs = list(pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def id(self) -> str:
        return self._pairs[0].round if self._pairs else ""

    @property
    def answered(self) -> int:
        return sum(pair.answer is not None for pair in self._pairs)

    @property
    def current(self) -> BlindPair | None:
        """The pair to answer; None when all are."""
        return next(iter(self.ahead(1)), None)

    def ahead(self, n: int) -> list[BlindPair]:
        """The next ``n`` open pairs."""
        return [pair for pair in self._pairs if pair.answer is None][:n]

    def answer(self, answer: Answer) -> BlindPair | None:
        """Answer the current pair; returns it with its answer."""
        pair = self.current
        return self._put(replace(pair, answer=answer)) if pair is not None else None

    def undo(self) -> BlindPair | None:
        """Open the last answered pair before the current one again; None when there is none."""
        current = self.current
        end = self._pairs.index(current) if current is not None else len(self._pairs)
        for pair in reversed(self._pairs[:end]):
            if pair.answer is not None:
                return self._put(replace(pair, answer=None))
        return None

    def drop(self, id_: str) -> bool:
        """Leave an open pair out; was it there?"""
        before = len(self._pairs)
        self._pairs = [one for one in self._pairs if one.id != id_ or one.answer is not None]
        return len(self._pairs) < before

    def _put(self, pair: BlindPair) -> BlindPair:
        at = next(i for i, one in enumerate(self._pairs) if one.id == pair.id)
        self._pairs[at] = pair
        return pair
