"""The page says everything of a run with its n, escapes it, and loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from catstudio.report import audit_words, svg
from catstudio.report.page import page
from tests.report.examples import AUDIT, REPORT, check

JPEG = b"\xff\xd8\xff\xd9"


class Reader(HTMLParser):
    """Collects tags, attributes and text; fails on an end tag that closes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


def test_everything_is_there_and_nothing_is_loaded() -> None:
    html = page("Cats & co", 7, REPORT, AUDIT, lambda id_: JPEG if id_ != "m2" else None)
    found = read(html)
    assert "Cats & co, run 7" in found.text
    for words in (
        "Right on 93%", "n = 40", "Photograph 30 more", "worth about 2 real photos",
        "Title of copies", "cosine 0.97", "Question of leakage?", "cat, called not-cat (91%)",
        "no longer here", "What the words mean", "real cat (n = 20)", "Twice as many",
    ):  # fmt: skip
        assert words in found.text, words
    assert "10 of 40 <photos> & more" in found.text and "<photos>" not in html
    assert "<b>cat</b>" in found.text and "<b>cat" not in html
    for tag, attributes in found.tags:
        assert tag not in ("script", "link", "iframe", "object", "base")
        for name, given_ in attributes.items():
            if name in ("src", "href", "xlink:href"):
                assert str(given_).startswith("data:image/jpeg;base64,")
            assert not name.startswith("on")
    assert "url(" not in html and "@import" not in html and "http" not in html


def test_the_gravest_comes_first_and_only_it_is_open() -> None:
    html = page("Cats", 7, REPORT, AUDIT, lambda _: JPEG)
    titles = re.findall(r"<strong>Title of (\w+)</strong>", html)
    assert titles == ["copies", "calibration", "label_errors", "leakage"]
    assert html.count("<details open>") == 1


def test_a_run_without_figures_or_audit_has_a_page() -> None:
    bare = {"labels": ["cat"], "answer": "Trained, not evaluated.", "n_train": {"photo": 1}}
    text = read(page("Cats", 1, bare, None, lambda _: None)).text
    assert "Trained, not evaluated." in text and "not questioned yet" in text
    assert "What is called what" not in text
    unsure = {"sources": [], "checks": [], "why_not": {"sources": "No real photo to test on."}}
    assert "No real photo to test on." in read(page("Cats", 1, bare, unsure, lambda _: None)).text


@given(st.text(), st.text())
def test_no_text_breaks_out(title: str, text: str) -> None:
    audit = {**AUDIT, "checks": [check("copies", "problem", text=text, advice=text)]}
    found = read(page(title, 1, {**REPORT, "answer": text or "-"}, audit, lambda _: None))
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "b"})


def test_figures_are_told_in_their_unit_with_n() -> None:
    told = {
        unit: audit_words.check_figure(check("x", "ok", unit=unit))
        for unit in ("share", "points", "auc")
    }
    assert told == {
        "share": "25% (10 to 40%, n = 40)",
        "points": "+25.0 points (+10.0 to +40.0, n = 40)",
        "auc": "0.25 (0.10 to 0.40, n = 40)",
    }
    count = check("x", "ok", unit="count", value=1200.0, low=None, high=None)
    assert audit_words.check_figure(count) == "1,200 (n = 40)"
    assert audit_words.check_figure(check("x", "unknown", value=None)) == ""


def test_the_summary_counts_verdicts() -> None:
    summary = audit_words.checks_summary(AUDIT["checks"])
    assert summary == ("1 problem, 1 to look at, 1 fine; for 1 there are too few images to tell.")
    assert "6 still to come" in audit_words.checks_summary(AUDIT["checks"], is_running=True)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_and_inside(low: float, width: float) -> None:
    scale = svg.Scale(low, low + width, 0, 100)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 11
    slack = 1e-6 * max(1.0, abs(low), width)
    assert all(low - slack <= tick <= low + width + slack for tick in ticks)
