"""The training tab: readiness, the answer with its interval and n, mistakes, runs compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from catstudio.core.changes import SetState
from catstudio.core.types import State
from catstudio.jobs.events import Done, Failed, Progress, Queued
from catstudio.learn.metrics import evaluate
from catstudio.report import wording
from catstudio.report.wording import Figure
from catstudio.studio import LabelReadiness, Readiness, Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.counts import Counts
from catstudio.ui.training.answer import AnswerView
from catstudio.ui.training.confusion import ConfusionView
from catstudio.ui.training.readiness import ReadinessView, real_sentence, train_sentence, why_not
from catstudio.ui.training.tab import TrainingTab


def report(wrong: int = 3, n: int = 40, seed: int = 0) -> dict[str, Any]:
    """A report as the trainer writes it, of ``n`` photos of which ``wrong`` are mistaken."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    right = rng.uniform(0.6, 1.0, n)
    right[:wrong] = rng.uniform(0.05, 0.4, wrong)
    probabilities = np.stack([np.where(truth == 0, right, 1 - right)] * 2, axis=1)
    probabilities[:, 1] = 1 - probabilities[:, 0]
    metrics = evaluate(probabilities, truth, ("cat", "not-cat"))
    return {
        "answer": f"Right on {100 * (n - wrong) / n:.0f}% of real photos.",
        "metrics": metrics,
        "why_not": None,
        "labels": ["cat", "not-cat"],
        "n_train": {"photo": 12, "seed": 64},
        "n_test": {"cat": n // 2, "not-cat": n // 2},
        "missing": {"cat": 3},
        "mistakes": [
            {"id": f"m{i}", "label": "cat", "predicted": "not-cat", "probability": 0.6 + i / 10}
            for i in range(wrong)
        ],
        "notes": ["'cat' rests on one real photo."],
        "synthetic_accuracy": {"value": 1.0, "low": 0.94, "high": 1.0, "n": 64},
        "excluded": [{"id": "x", "reason": "a near-copy of a test photo"}] * 2,
        "seconds": {"embed": 1.25, "fit": 0.1, "evaluate": 0.05},
    }


def texts(widget: QWidget) -> str:
    """All words that a widget shows."""
    shown = (one for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))
    return "\n".join(one.text() for one in shown)


def of_label(label: str, **counts: int) -> LabelReadiness:
    zero = dict.fromkeys(("real", "train", "val", "test", "undrawn", "synthetic", "pending"), 0)
    return LabelReadiness(label=label, **{**zero, **counts})


# -- words


def test_every_figure_has_its_interval() -> None:
    figure = Figure.of({"value": 0.925, "low": 0.8, "high": 0.974})
    assert (figure.percent(), figure.percent_interval()) == ("92%", "80 to 97%")
    assert (figure.plain(), figure.plain_interval()) == ("0.93", "0.80 to 0.97")
    assert Figure.of(None).percent() == "–"
    assert Figure.of({"value": None, "low": None, "high": None}).plain_interval() == ""
    assert Figure.of(True).value is None


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "100"), (0.996, "99.6"), (0.0, "0"), (0.004, "0.4"), (0.5, "50")]
)
def test_nearly_certain_is_not_certain(value: float, text: str) -> None:
    assert wording.percent(value) == text


def test_the_synthetic_accuracy_is_called_what_it_is() -> None:
    sentence = wording.synthetic_sentence(report())
    assert sentence == "On its own fakes: 100% (94 to 100%). That says only how easy the fakes are."


def test_a_comparison_says_what_it_cannot_carry() -> None:
    small, other = report(wrong=3), report(wrong=6, seed=1)
    assert "may be chance" in wording.comparison_remark(small, other)
    assert "different photos" in wording.comparison_remark(small, report(n=80))
    assert "nothing to compare" in wording.comparison_remark(small, {"metrics": None})
    assert "the same" in wording.comparison_remark(small, small)


def test_a_gain_without_auc_is_called_a_moved_threshold() -> None:
    before, after = report(), report()
    for one, value in ((before, 0.55), (after, 0.95)):
        one["metrics"] = {
            **one["metrics"],
            "balanced_accuracy": {"value": value, "low": value - 0.05, "high": value + 0.05},
            "auc": {"value": 0.95, "low": 0.9, "high": 0.98},
        }
    assert "moved the threshold and taught nothing" in wording.comparison_remark(before, after)


def test_compared_rows_hold_both_intervals_and_the_difference() -> None:
    rows = {row[0]: row[1:] for row in wording.compared(report(wrong=8), report(wrong=2))}
    old, new, difference = rows["Accuracy"]
    assert old.startswith("80%  (") and new.startswith("95%  (")
    assert difference == "+15 points"
    assert rows["Real test photos"] == ("40", "40", "+0")
    assert wording.compared(report(), {})[0][2:] == ("–", "–")


# -- readiness


def test_readiness_in_words() -> None:
    one = of_label("cat", real=60, train=48, test=12, synthetic=16, pending=8)
    assert real_sentence(one) == "real cats to test on: 12 of 20"
    assert train_sentence(one) == "48 real to train on · 16 made or drawn · 8 to review"
    fresh = of_label("not-cat", real=5, undrawn=5)
    assert real_sentence(fresh) == "real not-cat: 5 photos, divided when you train"


def test_nothing_accepted_cannot_be_trained_and_one_label_can() -> None:
    empty = Readiness((of_label("cat", pending=3), of_label("not-cat")), unlabelled=2)
    assert "no accepted image" in why_not(empty)
    assert why_not(Readiness((of_label("cat", real=1, undrawn=1),), unlabelled=0)) == ""


def test_the_button_says_why_it_is_off(themed: QApplication, qtbot) -> None:
    view = ReadinessView()
    qtbot.addWidget(view)
    view.show_readiness(Readiness((of_label("cat"),), unlabelled=0))
    assert not view.train.isEnabled()
    assert "no accepted image" in view.train.toolTip()
    assert "no accepted image" in texts(view)
    view.show_readiness(
        Readiness((of_label("cat", real=3, train=3), of_label("not-cat")), unlabelled=0)
    )
    assert view.train.isEnabled()
    assert "no image of not-cat yet" in texts(view)


# -- the answer


@pytest.fixture
def answer(themed: QApplication, qtbot) -> AnswerView:
    view = AnswerView(QWidget())
    qtbot.addWidget(view)
    return view


def test_the_answer_is_one_number_and_one_sentence(answer: AnswerView) -> None:
    answer.show_report(7, report())
    assert answer.number.text() == "92%"
    assert answer.sentence.text() == "Right on 92% of real photos."
    shown = texts(answer)
    for words in (
        "RUN 7",
        "Always answering “cat” scores 50%.",
        "AUC",
        "Balanced accuracy",
        "n = 20",
        "Seed diffusion",
        "20 cat · 20 not-cat, real photos only",
        "Collect next, to test on: 3 real photos of cat.",
        "how easy the fakes are",
        "rests on one real photo",
        "2 images left out: a near-copy of a test photo.",
        "embed 1.2 s",
    ):
        assert words in shown, words


def test_without_test_photos_there_is_no_number(answer: AnswerView) -> None:
    why = "Trained, not evaluated: add 40 real photos that you do not train on."
    without = {**report(), "metrics": None, "why_not": why, "answer": why}
    without["cross_validated"] = report()["metrics"]
    answer.show_report(1, without)
    assert answer.number.isHidden()
    assert answer.sentence.text() == why
    assert texts(answer).count(why) == 1
    assert "by cross-validation" in texts(answer)


def test_a_report_without_anything_still_shows(answer: AnswerView) -> None:
    answer.show_report(1, {})
    assert answer.sentence.text() == "Trained, not evaluated."


def test_the_table_can_be_read_aloud(themed: QApplication, qtbot) -> None:
    view = ConfusionView()
    qtbot.addWidget(view)
    view.show_table(("cat", "not-cat"), [[19, 1], [4, 16]])
    assert "of 20 real cat: 19 called cat, 1 called not-cat" in view.accessibleDescription()
    view.resize(view.sizeHint())
    assert not view.grab().isNull()


# -- the tab with a real project


@pytest.fixture
def tab(bridge: StudioBridge, qtbot) -> Iterator[TrainingTab]:
    counts = Counts(bridge)
    tab = TrainingTab(bridge, counts)
    tab.resize(900, 700)
    qtbot.addWidget(tab)
    counts.read()
    qtbot.waitUntil(lambda: counts.readiness is not None)
    tab.show()
    yield tab


def add_run(studio: Studio, found: dict[str, Any]) -> int:
    files = {"report.json": msgspec.json.encode(found)}
    number: int = studio._store.add_run("efficientnet-lite0", found, files)
    return number


def test_an_empty_project_says_what_belongs_here(
    tab: TrainingTab, bridge: StudioBridge, qtbot
) -> None:
    assert tab._stack.currentIndex() == 1
    ids = tuple(record.id for record in bridge.studio.images())
    bridge.apply(SetState(ids, State.TRASHED))
    qtbot.waitUntil(lambda: tab._stack.currentIndex() == 0)
    with qtbot.waitSignal(tab.add_photos):
        tab._stack.currentWidget().action.click()


def test_runs_are_read_and_any_two_compared(tab: TrainingTab, studio: Studio, qtbot) -> None:
    first, second = add_run(studio, report(wrong=8)), add_run(studio, report(wrong=2))
    tab.refresh()
    qtbot.waitUntil(lambda: tab.answer.number.text() == "95%")
    assert tab.runs.current == second
    assert tab.mistakes._heading.text() == "Mistakes: 2"
    tab.runs.compare_with(first)
    qtbot.waitUntil(lambda: not tab.comparison.isHidden())
    assert "+15 points" in texts(tab.comparison)
    tab.runs._list.setCurrentRow(1)
    qtbot.waitUntil(lambda: tab.answer.number.text() == "80%")


def test_a_mistake_jumps_to_its_image(tab: TrainingTab, studio: Studio, qtbot) -> None:
    image = studio.images()[0]
    found = report(wrong=1)
    found["mistakes"][0]["id"] = image.id
    add_run(studio, found)
    tab.refresh()
    qtbot.waitUntil(lambda: len(tab.mistakes.tiles.buttons) == 1)
    tile = tab.mistakes.tiles.buttons[0]
    assert tile.toolTip() == "cat, called not-cat (60%)"
    qtbot.waitUntil(lambda: not tile.icon().isNull())
    with qtbot.waitSignal(tab.show_image) as got:
        tile.click()
    assert got.args == [image.id]


def test_a_mistake_whose_image_is_gone_says_so(tab: TrainingTab, studio: Studio, qtbot) -> None:
    add_run(studio, report(wrong=1))
    tab.refresh()
    qtbot.waitUntil(lambda: any("no longer" in one.text() for one in tab.mistakes.tiles.buttons))


def test_progress_shows_where_the_button_is(tab: TrainingTab, bridge: StudioBridge) -> None:
    tab._job_id = "train"
    tab.readiness.show_working(is_working=True)
    bridge.job_event.emit(Queued(job_id="train", title="Train"))
    bridge.job_event.emit(Progress(job_id="train", done=1, total=4, message="Embedding", eta=9))
    assert tab.readiness.work.step.text() == "Embedding · about 9 s left"
    assert not tab.readiness.train.isEnabled()
    assert tab.is_training
    bridge.job_event.emit(Failed(job_id="train", message="It failed."))
    assert not tab.is_training
    assert tab.readiness.work.isHidden()


def test_training_that_cannot_begin_says_why(tab: TrainingTab, studio: Studio, qtbot) -> None:
    ids = tuple(record.id for record in studio.images())
    studio.apply(SetState(ids, State.PENDING))
    tab.readiness.train.setEnabled(True)
    with qtbot.waitSignal(tab.failed) as got:
        tab.train()
    assert "no accepted image" in got.args[0]
    assert not tab.is_training


@pytest.mark.needs_engine
def test_one_click_trains_and_evaluates(tab: TrainingTab, bridge: StudioBridge, qtbot) -> None:
    qtbot.waitUntil(tab.readiness.train.isEnabled)
    ended = []
    bridge.job_event.connect(lambda event: ended.append(event) if isinstance(event, Done) else None)
    tab.readiness.train.click()
    assert tab.is_training
    qtbot.waitUntil(lambda: bool(ended), timeout=90_000)
    qtbot.waitUntil(lambda: tab.runs.current == 1)
    qtbot.waitUntil(lambda: bool(tab.answer.sentence.text()))
    assert not tab.is_training
