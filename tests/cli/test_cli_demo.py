"""The ladder's figures and its page. The whole climb runs from the built wheel in .ci/run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from catstudio.cli.ladder import NOT_EVALUATED, TURKEYS, Answer, Rung, credits_of
from catstudio.cli.ladder_page import page
from catstudio.studio import Studio


def _rung(*answers: Answer, title: str = "One photo") -> Rung:
    return Rung(
        id="one",
        title=title,
        what="One photo of a cat.",
        run=1,
        n_train={"photo": 1},
        answers=answers,
        why_not="Trained, not evaluated.",
        seconds=1.5,
    )


def _answers(*said: tuple[str, float, bool]) -> list[Answer]:
    return [
        Answer(photo=photo, label=label, probability=probability, abstains=abstains)
        for photo, (label, probability, abstains) in zip(TURKEYS, said, strict=False)
    ]


def test_a_cat_counts_as_confident_only_without_doubt():
    answers = _answers(("cat", 0.99, False), ("cat", 0.6, False), ("cat", 0.99, True))
    turkeys = _rung(*answers, *_answers(("not-cat", 0.9, False))).report()["turkeys"]
    assert turkeys["n"] == 4
    assert turkeys["called_cat"] == 2
    assert turkeys["called_cat_with_confidence"] == 1
    assert turkeys["abstained"] == 1


def test_cats_are_said_to_be_not_evaluated():
    report = _rung().report()
    assert report["metrics"] is None
    assert report["cats"] == {"n": 0, "why_not": NOT_EVALUATED}


def test_the_held_out_photos_are_there(example_photos):
    for name in TURKEYS:
        assert (example_photos / "not-cat" / f"{name}.jpg").is_file()
    assert len(list((example_photos / "not-cat").glob("*.jpg"))) > len(TURKEYS) + 3


class _Tags(HTMLParser):
    """Which tags are open at the end, and where pictures and links point."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.targets += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def html(filled, example_photos) -> str:
    rung = _rung(
        *_answers(("cat", 0.99, False), ("not-cat", 0.5, True)), title="<script>x</script>"
    )
    report = {
        "title": "Huxley's ladder",
        "catstudio": "0.1.0",
        "confident_from": 0.8,
        "cats": {"n": 0, "why_not": NOT_EVALUATED},
        "rungs": [rung.report()],
        "seconds": 30.0,
    }
    with Studio.open(filled) as studio:
        return page(report, studio, example_photos)


def test_the_page_is_whole_escaped_and_needs_nothing_else(html):
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert len(tags.targets) >= len(TURKEYS) + 1
    assert all(target.startswith("data:image/jpeg;base64,") for target in tags.targets)
    assert not re.search(r"https?://", html)


def test_the_page_says_what_is_not_known(html):
    assert NOT_EVALUATED in html
    assert "left open" in html
    assert "1 of 2" in html


def test_every_photo_is_credited(html, example_photos):
    credits_by_name = credits_of(example_photos)
    for path in example_photos.glob("*/*.jpg"):
        license_, author = credits_by_name[f"{path.parent.name}/{path.name}"]
        assert license_
        assert author
        assert "](" not in license_
    assert "vultilion" in html
