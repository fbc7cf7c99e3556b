"""The ladder's page and chart: whole, escaped, needing nothing else, and honest about what is missing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from catstudio.report.ladder_chart import PALETTES, chart
from catstudio.report.ladder_page import figure, page, strangers_told, what_on

JPEG = b"\xff\xd8\xff"


def _rung(**changed) -> dict:
    answers = [
        {"photo": "<b>gravel</b>", "label": "cat", "probability": 0.97, "abstains": False},
        {"photo": "grass", "label": "not-cat", "probability": 0.6, "abstains": True},
        {"photo": "flower", "label": "not-cat", "probability": 0.9, "abstains": False},
    ]
    turkeys = {
        "n": 3,
        "called_cat": 1,
        "called_cat_with_confidence": 1,
        "low": 0.06,
        "high": 0.79,
        "abstained": 1,
        "answers": answers,
    }
    rung = {
        "id": "one",
        "title": "<script>x</script>",
        "what": "One photo & nothing else.",
        "run": 1,
        "n_train": {"photo": 1},
        "n_images": 1,
        "effective_n": 1.0,
        "metrics": None,
        "turkeys": turkeys,
        "taught": "1 image, and <em>nothing</em> else.",
    }
    return {**rung, **changed}


METRICS = {
    "n": 8,
    "balanced_accuracy": {"value": 0.81, "low": 0.3, "high": 0.95},
    "auc": {"value": 1.0, "low": 0.6, "high": 1.0},
}
SKIPPED = {"id": "generated", "title": "Generated", "what": "w", "skipped": "No model <here>."}


def _report(*rungs: dict, n_cats: int = 0) -> dict:
    return {
        "title": "Huxley's ladder",
        "catstudio": "0.1.0",
        "confident_from": 0.8,
        "cats": {"n": n_cats, "n_other": 4, "why_not": "" if n_cats else "Not measured on cats."},
        "rungs": list(rungs),
        "seconds": 30.0,
    }


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

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def html() -> str:
    return page(
        _report(_rung(), _rung(title="Copies", n_images=60_000, metrics=METRICS), SKIPPED),
        strips=[("Photos: 1", [('"chelsea"', JPEG)])],
        strangers=[("gravel", JPEG)],
        credit="chelsea: somebody, CC0 <1.0>",
        audit="audit.html",
    )


def test_the_page_is_whole_escaped_and_needs_nothing_else(html: str) -> None:
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    for forbidden in ("<script", "<em>", "<here>", "<b>gravel", "<1.0>"):
        assert forbidden not in html
    assert "&lt;script&gt;" in html
    pictures = [one for one in tags.targets if one.startswith("data:image/jpeg;base64,")]
    assert len(pictures) == 2
    assert set(tags.targets) - set(pictures) == {"audit.html"}
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html)


def test_the_page_says_what_is_not_known(html: str) -> None:
    assert "Not measured on cats." in html
    assert "No model &lt;here&gt;." in html
    assert "not measured" in html
    assert "left open" in html
    assert "1 of 3 (6 to 79%)" in html
    assert "0.81 (0.30 to 0.95)" in html
    assert "n = 8" in html


def test_few_photos_are_said_to_be_few() -> None:
    assert "few, so the intervals are wide" in what_on(_report(n_cats=4))
    assert "few" not in what_on(_report(n_cats=40))
    assert figure(None, "auc") == ""
    assert figure({"auc": {"value": None}}, "auc") == ""
    assert strangers_told(_rung()["turkeys"]) == "1 of 3 (6 to 79%)"


@pytest.mark.parametrize("palette", sorted(PALETTES))
@pytest.mark.parametrize(
    "rungs",
    [
        [],
        [_rung()],
        [_rung(metrics=METRICS), _rung(metrics=METRICS, effective_n=None), SKIPPED],
        [_rung(turkeys={**_rung()["turkeys"], "n": 200, "abstained": 150})],
    ],
)
def test_the_chart_is_sound_svg_within_its_frame(palette: str, rungs: list[dict]) -> None:
    svg = chart(rungs, PALETTES[palette])
    root = ET.fromstring(svg)
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    for element in root.iter():
        for name, most in (
            ("x", width),
            ("x1", width),
            ("x2", width),
            ("cx", width),
            ("y", height),
        ):
            if name in element.attrib:
                assert 0 <= float(element.attrib[name]) <= most
    assert "nan" not in svg
    for rung in rungs:
        assert any(e.text == rung["title"] for e in root.iter() if e.tag.endswith("text"))


def test_the_chart_draws_figures_only_where_there_are_some() -> None:
    assert "not measured: none held out" in chart([_rung()], PALETTES["light"])
    measured = chart([_rung(metrics=METRICS)], PALETTES["light"])
    assert "n = 8" in measured
    assert "not measured" not in measured
    assert "skipped" in chart([SKIPPED], PALETTES["dark"])
