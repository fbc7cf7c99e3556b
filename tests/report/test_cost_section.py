"""The page tells of thresholds only where another one is shown to be cheaper."""

from __future__ import annotations

import numpy as np

from catstudio.learn.answered import costs_by, kept
from catstudio.learn.threshold_costs import Answered
from catstudio.report import cost_words
from catstudio.report.page import page
from tests.report.examples import AUDIT, REPORT
from tests.report.test_page import read

LABELS = ("cat", "not-cat")


def photos(n: int, seed: int, bias: float) -> Answered:
    truth = np.repeat([0, 1], n)
    seen = np.random.default_rng(seed).normal(size=2 * n) + 2.0 * (0.5 - truth)
    cat = 1 / (1 + np.exp(-(2.0 * seen + bias)))
    return Answered(np.stack([cat, 1 - cat], axis=1), truth, np.arange(2 * n), "test photos")


def text(answered: dict, labels: tuple[str, ...] = LABELS) -> str:
    html = page("Cats", 7, REPORT, {**AUDIT, "answered": answered}, lambda _: None)
    return read(html).text


def test_a_crooked_model_is_told_with_both_thresholds() -> None:
    answered = kept(LABELS, photos(300, 0, 3.0), photos(300, 1, 3.0))
    found = text(answered)
    assert "What a mistake costs" in found and "It was chosen on 600 test photos" in found
    assert "usual, 0.50" in found and "'not-cat' called 'cat'" in found
    assert "from here on (cost a photo)" in found


def test_an_honest_one_an_old_audit_and_too_few_photos_say_nothing() -> None:
    honest = kept(LABELS, photos(300, 0, 0.0), photos(300, 1, 0.0))
    few = kept(LABELS, photos(3, 0, 3.0), photos(300, 1, 3.0))
    none = kept(LABELS, photos(300, 0, 3.0), photos(0, 1, 3.0))
    for answered in (honest, few, none, {}):
        assert "What a mistake costs" not in text(answered)


def test_labels_are_escaped() -> None:
    labels = ("<b>cat", "dog & co")
    answered = kept(labels, photos(300, 0, 3.0), photos(300, 1, 3.0))
    html = page("Cats", 7, REPORT, {**AUDIT, "answered": answered}, lambda _: None)
    assert "<b>cat" not in html and "'<b>cat' missed" in read(html).text


def test_which_label_is_looked_for() -> None:
    assert cost_words.obvious_label(["not-cat", "cat"]) == "cat"
    assert cost_words.obvious_label(["cat", "dog"]) == ""
    assert cost_words.obvious_label(["cat", "not-cat", "dog"]) == ""
    alarm, miss, _ = cost_words.questions(["cat", "dog"], "dog")
    assert alarm == "Saying 'dog' when it is 'cat' costs"
    assert miss == "Saying 'cat' when it is 'dog' costs"


def test_marks_that_are_one_stand_once() -> None:
    honest = costs_by(kept(LABELS, photos(300, 0, 0.0), photos(300, 1, 0.0)), "cat", 1.0, 1.0)
    assert cost_words.marks(honest) == [("usual and chosen, 0.50", 0.5)]
    assert [len(row) for row in cost_words.table(honest)] == [2, 2, 2, 2]
