"""Huxley's ladder: what each way to get more data buys, starting from one photo of a cat.

Every rung trains a real model in the project and asks it about photographs of neither a cat nor
anything it was trained on ("turkeys"). With one cat photo no cat can be held out, so what the
rungs say about cats is not measured, and the report says so.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from catstudio.core.changes import SetState, SetWeight
from catstudio.core.types import State
from catstudio.jobs.events import AnyEvent
from catstudio.studio import Studio

COPIES = 30_000
MADE = 24
CONFIDENT = 0.8
"""From this probability on, "cat" counts as said with confidence."""
TURKEYS = ("clock-motion", "flower", "grass", "gravel", "hubble-deep-field", "retina")
"""Example photos that are never trained on; the other not-cats are the last rung's."""
NOT_EVALUATED = (
    "Not evaluated on cats: there is one cat photo and it is trained on. "
    "Add 20 or more real photos of cats to know how many are recognised."
)


class Answer(Struct, frozen=True):
    """What a rung's model says of one held-out photo; ``photo`` is its name."""

    photo: str
    label: str
    probability: float
    abstains: bool

    @property
    def is_confident_cat(self) -> bool:
        return self.label == "cat" and not self.abstains and self.probability >= CONFIDENT


class Rung(Struct, frozen=True):
    """One rung: what was done, what it trained on (images by source), what it answers."""

    id: str
    title: str
    what: str
    run: int
    n_train: dict[str, int]
    answers: tuple[Answer, ...]
    why_not: str
    seconds: float

    def report(self) -> dict[str, Any]:
        """The rung as plain JSON values."""
        return {
            "id": self.id,
            "title": self.title,
            "what": self.what,
            "run": self.run,
            "n_train": self.n_train,
            "seconds": self.seconds,
            "turkeys": {
                "n": len(self.answers),
                "called_cat": sum(a.label == "cat" and not a.abstains for a in self.answers),
                "called_cat_with_confidence": sum(a.is_confident_cat for a in self.answers),
                "abstained": sum(a.abstains for a in self.answers),
                "answers": [
                    {
                        "photo": a.photo,
                        "label": a.label,
                        "probability": a.probability,
                        "abstains": a.abstains,
                    }
                    for a in self.answers
                ],
            },
            "cats": {"n": 0, "why_not": NOT_EVALUATED},
            "metrics": None,
            "why_not": self.why_not,
        }


class Ladder:
    """Climbs the ladder in an open, empty project.

    Parameters
    ----------
    studio : a project whose labels are ``cat`` and ``not-cat``.
    examples : the folder of example photos.
    say : takes one line for the person after each rung.
    on_event : takes the events of the jobs.
    """

    def __init__(
        self,
        studio: Studio,
        examples: Path,
        say: Callable[[str], None],
        on_event: Callable[[AnyEvent], None],
    ) -> None:
        self._studio = studio
        self._examples = examples
        self._say = say
        self._on_event = on_event
        self._credits = credits_of(examples)

    def climb(self) -> list[Rung]:
        """All rungs, from one photo to real photos of both labels."""
        return [self._one(), self._copies(), self._augmented(), self._seeded(), self._real()]

    def turkeys(self) -> list[Path]:
        """The held-out photos."""
        return [self._examples / "not-cat" / f"{name}.jpg" for name in TURKEYS]

    # -- rungs -----------------------------------------------------------------------------

    def _one(self) -> Rung:
        self._import([self._examples / "cat" / "chelsea.jpg"], "cat", "photo")
        return self._train("one", "One photo", "One photo of a cat, and nothing else.")

    def _copies(self) -> Rung:
        square = self._import_square()
        self._studio.apply(SetWeight((*self._ids("cat"), square), COPIES))
        return self._train(
            "copies",
            f"{COPIES:,} copies",
            f"The photo {COPIES:,} times, against {COPIES:,} copies of a grey square.",
        )

    def _augmented(self) -> Rung:
        ids = (*self._ids("cat"), *self._ids("not-cat"))
        self._studio.apply(SetWeight(ids, 1))
        self._generate("augment")
        return self._train(
            "augmented",
            f"{MADE} augmentations",
            f"The photo with {MADE} flipped, cropped and recoloured versions; one grey square.",
        )

    def _seeded(self) -> Rung:
        self._generate("seed")
        return self._train(
            "seed",
            f"{MADE} variations",
            f"The same with {MADE} variations made from the photo by seed diffusion.",
        )

    def _real(self) -> Rung:
        self._studio.apply(SetState(self._ids("not-cat"), State.REJECTED))
        photos = sorted((self._examples / "not-cat").glob("*.jpg"))
        kept = [path for path in photos if path.stem not in TURKEYS]
        self._import(kept, "not-cat", "vendor")
        return self._train(
            "real",
            "Real photos",
            f"The same cats against {len(kept)} real photos instead of the grey square.",
        )

    # -- steps -----------------------------------------------------------------------------

    def _import(self, paths: list[Path], label: str, source: str) -> None:
        for path in paths:
            license_, author = self._credits[f"{path.parent.name}/{path.name}"]
            request = self._studio.import_request(
                [path],
                label=label,
                source=source,
                split="train",
                origin="CatStudio's example photos",
                license=license_,
                author=author,
            )
            self._studio.run(request, self._on_event)

    def _import_square(self) -> str:
        from PIL import Image

        data = io.BytesIO()
        Image.new("RGB", (256, 256), (128, 128, 128)).save(data, "PNG")
        request = self._studio.import_request(
            blobs=[("grey-square.png", data.getvalue())], label="not-cat", source="drawing"
        )
        added = self._studio.run(request, self._on_event).result["ids"]
        return str(added[0])

    def _generate(self, method: str) -> None:
        request = self._studio.generate_request(method, "cat", MADE, accept=True)
        self._studio.run(request, self._on_event)

    def _ids(self, label: str) -> tuple[str, ...]:
        return tuple(
            image.id
            for image in self._studio.images()
            if image.label == label and image.state is State.ACCEPTED
        )

    def _train(self, id_: str, title: str, what: str) -> Rung:
        started = time.monotonic()
        studio, on_event = self._studio, self._on_event
        trained = studio.run(studio.train_request(), on_event).result
        asked = studio.run(studio.predict_request(self.turkeys(), trained["run"]), on_event)
        rung = Rung(
            id=id_,
            title=title,
            what=what,
            run=trained["run"],
            n_train=trained["n_train"],
            answers=tuple(_answer(one) for one in asked.result["predictions"]),
            why_not=trained.get("why_not") or "",
            seconds=round(time.monotonic() - started, 2),
        )
        found = rung.report()["turkeys"]
        self._say(
            f"{title}: of {found['n']} photos of neither, {found['called_cat_with_confidence']} "
            f"called a cat with confidence, {found['abstained']} left open."
        )
        return rung


def credits_of(examples: Path) -> dict[str, tuple[str, str]]:
    """License and author of each example photo, by its name such as ``cat/chelsea.jpg``."""
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$",
        (examples / "LICENSES.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {name: (re.sub(r"\[(.+?)\]\(.+?\)", r"\1", words), who) for name, words, who in rows}


def _answer(prediction: dict[str, Any]) -> Answer:
    return Answer(
        photo=Path(prediction["path"]).stem,
        label=prediction["label"],
        probability=prediction["probability"],
        abstains=prediction["abstains"],
    )
