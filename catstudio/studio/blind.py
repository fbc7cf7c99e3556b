"""The blind test: draws pairs of a photo and a made image, shows both alike, keeps the answers."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from msgspec import Struct
from PIL import Image

from catstudio.core.blind import Answer, BlindPair, BlindRecords
from catstudio.core.changes import Touched
from catstudio.core.errors import CatStudioError, NotPossibleError
from catstudio.core.pixels import open_rgb
from catstudio.core.store import Store
from catstudio.core.types import Split
from catstudio.studio import auditing
from catstudio.studio.blind_pairs import Pool, draw, seen_by, still_holds

if TYPE_CHECKING:
    from catstudio.learn.blind import MachineTest, Results

ROUND = 20
"""Pairs of a round unless another number is asked for: about three minutes, and who finds the photo
in 80% of pairs is told from who guesses in four rounds of five."""
_SIDE = 512
_JPEG_QUALITY = 90


class Supply(Struct, frozen=True):
    """What pairs can be drawn from: ``real`` photos and ``made`` images by label (both without
    what is rejected or in the trash), made ones also by source.

    ``tested`` of the photos are test photos: a person who looks at them teaches no model anything.
    ``pairs`` is the most that one round can have, since it shows no image twice; ``fresh`` is how
    many of those show ``author`` two images that no earlier pair has shown; ``left`` are the open
    pairs of the author's last round.
    """

    author: str
    real: Mapping[str, int]
    made: Mapping[str, int]
    sources: Mapping[str, int]
    tested: int
    pairs: int
    fresh: int
    left: int


Write = Callable[[Callable[[], Touched | None]], "Future[Touched | None]"]


class BlindTest:
    """The blind tests of one project, for any thread.

    ``write`` does an edit after all edits before it; ``tell`` says when one has failed.
    """

    def __init__(
        self, store: Store, write: Write, tell: Callable[[Future[Touched | None]], None]
    ) -> None:
        self._store = store
        self._write = write
        self._tell = tell
        self._records = BlindRecords(store)

    @property
    def author(self) -> str:
        """Whose answers they are unless another name is given: who has the project open."""
        return self._store.author

    def supply(self, author: str = "", sources: Collection[str] | None = None) -> Supply:
        """What there is for ``author`` to judge; ``sources`` None takes all but drawings."""
        author = author or self.author
        pool = Pool(self._store.images(), sources)
        seen = seen_by(self._pairs(), author)
        return Supply(
            author=author,
            real={label: len(found) for label, found in pool.real.items()},
            made={label: len(found) for label, found in pool.made.items()},
            sources=pool.sources,
            tested=sum(r.split is Split.TEST for found in pool.real.values() for r in found),
            pairs=pool.most(frozenset()),
            fresh=pool.most(seen),
            left=sum(pair.answer is None for pair in self.unfinished(author)),
        )

    def begin(
        self,
        author: str = "",
        n: int = ROUND,
        *,
        sources: Collection[str] | None = None,
        seed: int | None = None,
    ) -> list[BlindPair]:
        """Draw a round of at most ``n`` pairs and keep it, open; ``seed`` None takes any.

        What is left of an unfinished round of the author is forgotten, its answers are not.
        Raises :class:`NotPossibleError` when no label has both a photo and a made image.
        """
        author = author or self.author
        self._store.folder.check_reachable()
        pool = Pool(self._store.images(), sources)
        known = self._pairs()
        pairs = draw(pool, author, seen_by(known, author), n, random.Random(seed))
        if not pairs:
            raise NotPossibleError(
                "No label has both a photo and a made image.",
                "Add photos of a label that images were made for, or make some.",
            )
        self._records.drop(pair.id for pair in known if pair.author == author)
        return self._records.add_round(pairs)

    def unfinished(self, author: str = "") -> list[BlindPair]:
        """The author's last round when a pair of it is open and can still be shown; [] otherwise.

        Open pairs of which an image has been rejected, trashed or labelled anew are left out.
        """
        author = author or self.author
        theirs = [pair for pair in self._pairs() if pair.author == author]
        last = [pair for pair in theirs if pair.round == theirs[-1].round]
        ids = {id_ for pair in last for id_ in (pair.real, pair.made)}
        found = {record.id: record for record in self._store.images_by_id(ids)}
        kept = [pair for pair in last if pair.answer is not None or still_holds(pair, found)]
        return kept if any(pair.answer is None for pair in kept) else []

    def answer_later(self, id_: str, answer: Answer | None) -> None:
        """Keep soon what was answered to the pair ``id_``; None takes it back."""
        self._tell(self._write(lambda: self._records.answer(id_, answer)))

    def drop_later(self, id_: str) -> None:
        """Leave out soon an open pair that cannot be shown."""
        self._tell(self._write(lambda: self._records.drop([id_])))

    def results(self, only_round: str = "") -> Results:
        """Scores per person and per generator of all answers, or of one round's, and the machine's."""
        # numpy comes in with it: the window shows sooner without.
        from catstudio.learn.blind import Results, summarise

        pairs = self._pairs()
        summary = summarise(pair for pair in pairs if only_round in ("", pair.round))
        return Results(summary, *self._machine())

    def _pairs(self) -> list[BlindPair]:
        """Every pair, with all that was answered before this call."""
        self._write(lambda: None).result()
        return self._records.pairs()

    def _machine(self) -> tuple[MachineTest | None, str]:
        from catstudio.report.blind_words import machine_test

        runs = self._store.runs()
        for run in reversed(runs):
            try:
                audit = auditing.read(self._store.folder.run_folder(run.number))
            except CatStudioError:
                continue  # The training tab says what is wrong with it.
            found = machine_test(run.number, audit or {})
            if found is not None:
                return found, ""
        if not runs:
            return None, "No machine was asked yet: train, and the run is questioned by itself."
        return None, "No machine was asked yet: question a run on the training tab."

    def pictures(self, pair: BlindPair) -> tuple[Image.Image, Image.Image]:
        """What is shown at the left and at the right: see :func:`alike`. Slow; decodes.

        Raises :class:`CatStudioError` when one of the images cannot be decoded any more.
        """
        real, made = (
            open_rgb(self._store.image_path(self._store.image(id_)))
            for id_ in (pair.real, pair.made)
        )
        real, made = alike(real, made)
        return (real, made) if pair.is_real_left else (made, real)


def alike(one: Image.Image, other: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Both RGB images as squares of one size, through one filter and one codec.

    The middle is cut out, so that the shape tells nothing; the side is that of the smaller one
    (at most 512 pixels), so that neither is shown sharper than the other can be; and both are
    stored as JPEG of one quality, as the machine is shown them ("Fake or JPEG?", Grommelt et al.
    2024).
    """
    side = min(_SIDE, *one.size, *other.size)
    return _square(one, side), _square(other, side)


def _square(image: Image.Image, side: int) -> Image.Image:
    least = min(image.size)
    left, top = (image.width - least) / 2, (image.height - least) / 2
    box = (left, top, left + least, top + least)
    small = image.resize((side, side), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling="4:2:0")
    with Image.open(buffer) as again:
        return again.convert("RGB")
