"""Climbing the ladder: a project of its own, filled, trained and asked rung by rung.

Each step looks at what is there already, so a climb that was stopped anywhere goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catstudio import __version__
from catstudio.core.changes import DrawSplits, SetState, SetWeight
from catstudio.core.errors import CancelledError, CatStudioError
from catstudio.core.types import ImageRecord, State
from catstudio.jobs.events import AnyEvent
from catstudio.learn.splits import draw_splits
from catstudio.studio.door import Studio
from catstudio.studio.ladder import drawings, keeping, photos, rungs
from catstudio.studio.ladder.asking import rung_report
from catstudio.studio.ladder.making import Maker
from catstudio.studio.ladder.model import NO_MODEL, TURNED_OFF, found_model
from catstudio.studio.ladder.photos import OwnPhotos
from catstudio.studio.ladder.rungs import CAT, COPIES, FIRST, HELD, REST, RUNGS, Amounts, Plan
from catstudio.studio.ladder.stopping import Stopper
from catstudio.studio.ladder.taught import compared, sentence
from catstudio.studio.ladder.written import write_audit, write_page

Json = dict[str, Any]

MOST_TRAINED = 20
"""Own photos of a label that the last rungs train on, at most a third: the others are tested on."""
NO_CATS = (
    "Not measured on cats: the one free cat photo is trained on. Give a folder of your own photos "
    "to know how many cats are recognised."
)


@dataclass(frozen=True)
class Heard:
    """Who is told: of the rung that is begun, of each finished one, of the jobs' events."""

    begun: Callable[[Plan], None] = lambda _: None
    finished: Callable[[Json], None] = lambda _: None
    event: Callable[[AnyEvent], None] = lambda _: None


class Climb:
    """One climb in ``folder``; goes on with the one that lies there, unless it is finished.

    Parameters
    ----------
    folder : where the project, the report and the charts go.
    own : photos of the person; without them nothing is measured on cats.
    model : a diffusion model's id; None takes the first that is there, "" leaves it out.
    again : begin anew, in a fresh project; the earlier one is left as it is.
    """

    def __init__(
        self,
        folder: Path,
        own: OwnPhotos | None = None,
        *,
        model: str | None = None,
        amounts: Amounts | None = None,
        again: bool = False,
        heard: Heard | None = None,
    ) -> None:
        self.folder = folder
        self._own = own
        self._model = model
        self._amounts = amounts or Amounts()
        self._heard = heard or Heard()
        self._stopper = Stopper()
        self._strangers = [one.path for one in photos.strangers()]
        self._strangers += list(own.strangers) if own else []
        before = None if again else keeping.kept(folder)
        self._report = self._fresh()
        if before is not None and before.report.get("settings") == self._report["settings"]:
            self._report = before.report
        self._is_over = before is not None and before.is_finished and self._report is before.report

    def stop(self) -> None:
        """Stop within a second, from any thread; what is finished is kept."""
        self._stopper.stop()

    def run(self) -> Json:
        """Climb what is left and return the whole report.

        Raises :class:`CancelledError` when it was stopped, and what a rung failed with.
        """
        if self._is_over:
            return self._report
        started = time.monotonic()
        spent = float(self._report.get("spent", 0.0))
        path = self.folder / self._report["project_name"]
        with _opened(path) as studio, self._stopper.of(studio):
            try:
                self._fill(studio)
                self._climb(studio)
            finally:
                self._report["spent"] = round(spent + time.monotonic() - started, 1)
                keeping.write_report(self.folder, self._report)
            self._report["audit"] = self._question(studio)
            self._report["seconds"] = round(spent + time.monotonic() - started, 1)
            write_page(self.folder, self._report, studio, self._strangers)
        keeping.write_report(self.folder, self._report)
        return self._report

    def _fresh(self) -> Json:
        return {
            "title": "Huxley's ladder",
            "catstudio": __version__,
            "project_name": keeping.free_project(self.folder).name,
            "settings": {
                "photos": str(self._own.folder) if self._own else "",
                "model": self._model,
                "drawn": self._amounts.drawn,
                "blended": self._amounts.blended,
                "varied": self._amounts.varied,
                "generated": self._amounts.generated,
            },
            "confident_from": rungs.CONFIDENT,
            "cats": {"n": 0, "why_not": NO_CATS},
            "rungs": [],
        }

    # -- filling -----------------------------------------------------------------------------

    def _fill(self, studio: Studio) -> None:
        """Bring in the photos, and draw once and for all which are tested on."""
        maker = Maker(studio, self._run)
        there = {rungs.kind_of(image) for image in studio.images()}
        if rungs.GREY not in there:
            for free in photos.free_photos():
                maker.import_free(free)
            blob = (rungs.SQUARE, drawings.square())
            self._run(studio.import_request(blobs=[blob], label=REST, source="drawing"))
        if self._own is not None and HELD not in there:
            for label, paths in ((CAT, self._own.cats), (REST, self._own.rest)):
                self._run(studio.import_request(paths, label=label))
            # All must be accepted while the splits are drawn; a stopped climb left some out.
            self._accept(studio, lambda image: image.is_real)
            self._draw(studio)
        held = [image for image in studio.images() if rungs.kind_of(image) == HELD]
        n = sum(image.label == CAT for image in held)
        if n:
            self._report["cats"] = {"n": n, "n_other": len(held) - n, "why_not": ""}

    def _draw(self, studio: Studio) -> None:
        images = studio.images()
        assigned: list[Any] = []
        for label in (CAT, REST):
            own = {
                image.id
                for image in images
                if image.is_real
                and image.label == label
                and image.provenance.origin != rungs.EXAMPLES
            }
            n_test = len(own) - min(MOST_TRAINED, len(own) // 3)
            drawn = draw_splits(images, n_test)
            assigned += [(id_, split) for id_, split in drawn.items() if id_ in own]
        studio.apply(DrawSplits(tuple(assigned)))

    def _accept(self, studio: Studio, is_wanted: Callable[[ImageRecord], bool]) -> None:
        """Accept the images that are wanted, and no others."""
        images = studio.images()
        for state, wanted in ((State.ACCEPTED, True), (State.REJECTED, False)):
            ids = tuple(i.id for i in images if is_wanted(i) is wanted and i.state is not state)
            if ids:
                studio.apply(SetState(ids, state))

    # -- climbing ----------------------------------------------------------------------------

    def _climb(self, studio: Studio) -> None:
        done: list[Json] = self._report["rungs"]
        for plan in RUNGS[len(done) :]:
            self._stopper.check()
            self._heard.begun(plan)
            rung = self._rung(studio, plan)
            done.append(rung)
            keeping.write_report(self.folder, self._report)
            self._heard.finished(rung)

    def _rung(self, studio: Studio, plan: Plan) -> Json:
        if plan.adds:
            why_not = self._make(studio, plan)
            if why_not:
                return {"id": plan.id, "title": plan.title, "what": plan.what, "skipped": why_not}
        self._accept(studio, lambda i: (kind := rungs.kind_of(i)) in plan.uses or kind == HELD)
        self._weigh(studio, COPIES if rungs.GREY in plan.uses else 1)
        started = time.monotonic()
        trained = self._run(studio.train_request())
        asked = self._run(studio.predict_request(self._strangers, trained["run"]))
        rung = rung_report(plan, trained, asked["predictions"], self._report["cats"]["why_not"])
        rung["seconds"] = round(time.monotonic() - started, 2)
        before = self._rung_before(plan)
        change = compared(self._predictions(studio, before), trained["predictions"])
        rung["against"], rung["change"] = (before or {}).get("id"), change
        rung["taught"] = sentence(rung, before, change)
        return rung

    def _rung_before(self, plan: Plan) -> Json | None:
        """The rung that ``plan`` is compared with; of one that was skipped, that one's own."""
        by_id = {rung["id"]: rung for rung in self._report["rungs"]}
        plans = {one.id: one for one in RUNGS}
        against = plan.against
        while against and "skipped" in by_id.get(against, {}):
            against = plans[against].against
        return by_id.get(against)

    def _predictions(self, studio: Studio, rung: Json | None) -> list[Json]:
        return list(studio.report(rung["run"])["predictions"]) if rung else []

    def _make(self, studio: Studio, plan: Plan) -> str:
        """Make the images that the rung adds; returns why it is skipped, "" if it is not."""
        maker, amounts = Maker(studio, self._run), self._amounts
        if plan.adds != "diffusers":
            maker.make(plan.adds, amounts)
            return ""
        model = found_model() if self._model is None else self._model
        if not model:
            return NO_MODEL if self._model is None else TURNED_OFF
        try:
            maker.generate(model, amounts.generated)
        except CancelledError:
            raise
        except CatStudioError as error:
            return f"{model} made no image, so this rung is skipped: {error.message}"
        return ""

    def _weigh(self, studio: Studio, weight: int) -> None:
        copied = [i for i in studio.images() if rungs.kind_of(i) in (FIRST, rungs.GREY)]
        ids = tuple(image.id for image in copied if image.weight != weight)
        if ids:
            studio.apply(SetWeight(ids, weight))

    def _question(self, studio: Studio) -> Json:
        """Audit the last rung; what keeps it from being questioned is said, and stops nothing."""
        run = self._report["rungs"][-1]["run"]
        try:
            self._run(studio.audit_request(run, strangers=self._strangers))
            write_audit(self.folder, studio, run)
        except CancelledError:
            raise
        except CatStudioError as error:
            return {"run": run, "why_not": error.message}
        return {"run": run, "why_not": ""}

    def _run(self, request: Any) -> Json:
        return self._stopper.run(request, self._heard.event)


def _opened(path: Path) -> Studio:
    return Studio.open(path) if path.is_dir() else Studio.create(path, (CAT, REST))
