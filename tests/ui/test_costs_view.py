"""What a mistake costs, in the training tab: asked, told, drawn, and what old audits say."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from catstudio.learn.answered import costs_by, kept
from catstudio.learn.threshold_costs import Answered
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.charts.costs import shown_up_to
from catstudio.ui.training.costs import CostsView

_APART = 1.4


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


def photos(n: int, labels: int = 2, seed: int = 0, share: int = 1) -> Answered:
    """``n`` of each label, of the first ``share`` times as many; the probabilities are honest."""
    truth = np.repeat(np.arange(labels), [n * share, *[n] * (labels - 1)])
    eye = np.eye(labels)[truth]
    x = _APART * (np.random.default_rng(seed).normal(size=eye.shape) + _APART * eye)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return Answered(p, truth, np.arange(len(truth)), "test photos")


def part(labels: tuple[str, ...] = ("cat", "not-cat"), choosing: int = 60, share: int = 1) -> Any:
    n = len(labels)
    return kept(labels, photos(choosing, n), photos(30, n, 1, share))


@pytest.fixture
def view(empty_bridge: StudioBridge, qtbot) -> Iterator[CostsView]:
    view = CostsView(empty_bridge)
    qtbot.addWidget(view)
    view.resize(760, 700)
    yield view


def asked(view: CostsView, qtbot, miss: float, false_alarm: float) -> dict[str, Any]:
    """What is shown once these costs are answered."""
    view.miss.setValue(miss)
    view.false_alarm.setValue(false_alarm)
    view.show()

    def is_answered() -> bool:
        costs = view.found["costs"] if view.found else [[0.0]]
        at = view.labels.currentIndex()
        return costs[at][at - 1] == miss and costs[at - 1][at] == false_alarm

    qtbot.waitUntil(is_answered)
    assert view.found is not None
    return dict(view.found)


def test_it_hides_until_there_is_an_audit(view: CostsView) -> None:
    assert view.isHidden()
    view.show_audit({"checks": []})
    assert view.isHidden()


def test_an_old_audit_can_be_asked_again(view: CostsView, qtbot) -> None:
    view.show_audit({"next": []})
    view.show()
    assert "Question it again" in texts(view) and not view.miss.isVisible()
    with qtbot.waitSignal(view.asked):
        qtbot.mouseClick(view.again, Qt.MouseButton.LeftButton)


def test_equal_costs_are_told_at_once(view: CostsView, qtbot) -> None:
    view.show_audit({"answered": part()})
    found = asked(view, qtbot, 1.0, 1.0)
    assert found["best"]["threshold"] == 0.5 and found["label"] == "cat"
    assert "Saying 'cat' when it is 'not-cat' costs" in texts(view)
    assert "usual and chosen, 0.50" in texts(view)
    assert not view.labels.isVisible() and not view.again.isVisible()
    assert view.share.value() == 50.0
    qtbot.waitUntil(lambda: view.chart.is_drawn)


def test_other_costs_move_the_threshold_and_both_are_in_the_table(view, qtbot) -> None:
    view.show_audit({"answered": part()})
    found = asked(view, qtbot, 9.0, 1.0)
    assert found["best"]["threshold"] == pytest.approx(0.1)
    qtbot.waitUntil(lambda: "chosen, 0.10" in texts(view.table))
    told = texts(view.table)
    assert "usual, 0.50" in told and "'cat' missed" in told and "'not-cat' called 'cat'" in told
    missed = found["rates"][1]["misses"]
    assert f"{missed['count']} of 30: " in told and "cost a photo" in told
    assert view.text.text() == found["text"]
    assert "at 0.5" in view.chart.accessibleDescription()


def test_how_often_it_occurs_counts_and_stays_exact_until_touched(view, qtbot) -> None:
    view.show_audit({"answered": part(share=2)})
    found = asked(view, qtbot, 2.0, 1.0)
    assert view.share.value() == pytest.approx(66.7)
    assert found["shares"]["cat"] == pytest.approx(2 / 3, abs=1e-5)
    view.share.setValue(5.0)
    qtbot.waitUntil(lambda: view.found["shares"]["cat"] == pytest.approx(0.05))
    assert view.found["best"]["threshold"] > 0.5


def test_too_few_photos_claim_no_threshold(view: CostsView, qtbot) -> None:
    view.show_audit({"answered": part(choosing=4)})
    asked(view, qtbot, 9.0, 1.0)
    qtbot.waitUntil(lambda: "usual, 0.50" in texts(view.table))
    assert "too few to choose a threshold" in view.text.text()
    assert "chosen" not in texts(view.table)


def test_without_test_photos_only_the_sentence_is_shown(view: CostsView, qtbot) -> None:
    view.show_audit({"answered": kept(("cat", "not-cat"), photos(20), photos(0))})
    asked(view, qtbot, 2.0, 1.0)
    assert not view.chart.isVisible() and not view.table.isVisible()
    assert "not evaluated" in view.text.text() and view.share.value() == 50.0


def test_of_more_labels_one_is_chosen(view: CostsView, qtbot) -> None:
    view.show_audit({"answered": part(("bird", "cat", "dog"))})
    view.show()
    assert view.labels.isVisible() and "for another costs nothing" in texts(view)
    view.labels.setCurrentText("dog")
    qtbot.waitUntil(lambda: view.found is not None and view.found["label"] == "dog")
    assert "Saying another when it is 'dog' costs" in texts(view)
    qtbot.waitUntil(lambda: "others called 'dog'" in texts(view.table))


def test_the_same_audit_again_keeps_what_was_asked(view: CostsView, qtbot) -> None:
    audit = {"answered": part()}
    view.show_audit(audit)
    found = asked(view, qtbot, 3.0, 1.0)
    view.show_audit({**copy.deepcopy(audit), "next": []})
    assert view.found == found and view.miss.value() == 3.0
    view.show_audit({})
    assert view.isHidden() and view.found is None


def test_another_runs_answer_is_dropped(view: CostsView, qtbot) -> None:
    view.show_audit({"answered": part(("cat", "not-cat"))})
    view._read()
    view.show_audit({"answered": part(("dog", "not-dog"))})
    qtbot.waitUntil(lambda: view.found is not None)
    assert view.found["label"] == "dog"


def test_numbers_without_decimals_show_none(view: CostsView) -> None:
    shown = {value: view.miss.textFromValue(value) for value in (1.0, 2.5, 0.05, 1_000_000.0)}
    assert list(shown.values()) == ["1", "2.5", "0.05", "1000000"]


def test_the_chart_is_as_high_as_what_is_near_the_marks() -> None:
    found = costs_by(part(), "cat", 9.0, 1.0)
    points = [(p["threshold"], p["cost"], p["low"], p["high"]) for p in found["points"]]
    near = max(p[3] for p in points if abs(p[0] - 0.5) < 1e-6 or abs(p[0] - 0.1) < 1e-6)
    highest = max(p[3] for p in points)
    assert shown_up_to(points, [0.5, 0.1]) == pytest.approx(min(2 * near, highest))
