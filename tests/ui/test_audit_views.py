"""What an audit found, in the training tab: read, as it comes, asked for, and opened."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QWidget

from catstudio.core.files import write_atomic
from catstudio.jobs.events import Cancelled, Done, Found, Progress
from catstudio.jobs.requests import AuditRequest
from catstudio.resources import resource
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.counts import Counts
from catstudio.ui.training.audit_feed import joined
from catstudio.ui.training.checks import ChecksView
from catstudio.ui.training.tab import TrainingTab
from tests.report.examples import AUDIT, REPORT, check


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


def add_run(studio: Studio, audit: dict[str, Any] | None) -> int:
    """A finished run as the trainer leaves it, and what was found when it was questioned."""
    summary = {key: REPORT[key] for key in ("answer", "metrics", "n_test", "labels")}
    files = {"report.json": msgspec.json.encode(REPORT)}
    number = studio._store.add_run("efficientnet-lite2", summary, files)
    if audit is not None:
        path = studio.run_folder(number) / "audit.json"
        write_atomic(path, msgspec.json.encode({**audit, "run": number}))
    return number


@pytest.fixture
def audit(studio: Studio) -> dict[str, Any]:
    """An audit that shows images of the project."""
    cat, coffee, *_ = (image.id for image in studio.images())
    found = copy.deepcopy(AUDIT)
    found["checks"][1]["shown"] = [{"id": cat, "note": "cosine 0.97", "beside": coffee}]
    found["next"][0]["images"] = [coffee]
    return found


@pytest.fixture
def tab(bridge: StudioBridge, qtbot) -> Iterator[TrainingTab]:
    counts = Counts(bridge)
    tab = TrainingTab(bridge, counts)
    qtbot.addWidget(tab)
    tab.resize(1000, 900)
    tab.show()
    counts.read()
    yield tab


def test_a_questioned_run_shows_all_parts(studio, tab, audit, qtbot) -> None:
    add_run(studio, audit)
    tab.refresh()
    qtbot.waitUntil(lambda: len(tab.checks.rows) == 4)
    assert [row.check["id"] for row in tab.checks.rows] == [
        "copies", "calibration", "label_errors", "leakage"
    ]  # fmt: skip
    # What was just laid out is shown when the layout is next asked for.
    qtbot.waitUntil(lambda: "Photograph 30 more" in texts(tab.next_steps))
    assert "1 problem" in texts(tab.checks) and "may be chance" in texts(tab.sources)
    assert tab.audit_bar.isHidden()
    qtbot.waitUntil(lambda: all(chart.is_drawn for chart in tab.sources.charts))


def test_an_audit_without_answers_is_asked_again_for_what_mistakes_cost(
    studio, tab, audit, qtbot, monkeypatch
) -> None:
    number = add_run(studio, audit)
    tab.refresh()
    qtbot.waitUntil(tab.costs.isVisible)
    asked: list[int] = []
    monkeypatch.setattr(tab.feed, "start", asked.append)
    qtbot.mouseClick(tab.costs.again, Qt.MouseButton.LeftButton)
    assert asked == [number]


def test_a_check_opens_by_keyboard_and_its_image_is_shown(studio, tab, audit, qtbot) -> None:
    add_run(studio, audit)
    tab.refresh()
    qtbot.waitUntil(lambda: len(tab.checks.rows) == 4)
    row = tab.checks.rows[0]
    assert "What to do" not in texts(row)
    row.heading.setFocus()
    qtbot.keyClick(row.heading, Qt.Key.Key_Space)
    assert row.is_open
    shown = texts(row)
    assert "25% (10 to 40%, n = 40)" in shown and "What to do: Add photos." in shown
    assert [tile.toolTip() for tile in row.tiles.buttons] == ["cosine 0.97", "compared with this"]
    with qtbot.waitSignal(tab.show_image) as told:
        qtbot.mouseClick(row.tiles.buttons[1], Qt.MouseButton.LeftButton)
    assert told.args == [audit["checks"][1]["shown"][0]["beside"]]


def test_the_turkey_test_asks_about_photos_of_ones_own(
    studio, bridge, tab, audit, qtbot, tmp_path, monkeypatch
) -> None:
    (tmp_path / "farm").mkdir()
    photo = next((resource("examples") / "not-cat").glob("*.jpg"))
    shutil.copy(photo, tmp_path / "farm" / "turkey.jpg")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "farm"))
    asked: list[AuditRequest] = []
    monkeypatch.setattr(bridge, "submit", asked.append)
    add_run(studio, {**audit, "checks": [*audit["checks"], check("turkey_test", "ok")]})
    tab.refresh()
    qtbot.waitUntil(lambda: len(tab.checks.rows) == 5)
    row = next(row for row in tab.checks.rows if row.check["id"] == "turkey_test")
    row.set_open(True)
    (ask,) = [b for b in row.findChildren(QPushButton) if "your own" in b.text()]
    ask.click()
    qtbot.waitUntil(lambda: bool(asked))
    assert [Path(path).name for path in asked[0].strangers] == ["turkey.jpg"]
    assert tab.audit_bar.work.isVisible()


def test_rows_stay_open_while_others_come(bridge, themed, qtbot) -> None:
    view = ChecksView(bridge)
    qtbot.addWidget(view)
    view.show_checks([check("leakage", "look")], is_running=True)
    view.rows[0].set_open(True)
    view.show_checks([check("leakage", "look"), check("copies", "problem")], is_running=True)
    assert [row.check["id"] for row in view.rows] == ["copies", "leakage"]
    assert view.rows[1].is_open and "8 still to come" in view.summary.text()
    view.show_checks([], is_running=False)
    assert view.rows == []


def test_parts_arrive_and_a_cancelled_audit_keeps_them(studio, bridge, tab, qtbot) -> None:
    number = add_run(studio, None)
    tab.refresh()
    qtbot.waitUntil(tab.audit_bar.ask.isVisible)
    feed, told = tab.feed, bridge.job_event
    request = AuditRequest(job_id="j", items=(), run_folder="", run=number)
    feed._running["j"], feed._parts[number] = number, {}
    feed.changed.emit()
    assert tab.audit_bar.work.cancel.isVisible() and not tab.audit_bar.ask.isVisible()
    told.emit(Progress(job_id=request.job_id, done=1, total=4, message="Is it honest?", eta=30.0))
    assert (
        "Is it honest?" in tab.audit_bar.work.step.text()
        and "left" in tab.audit_bar.work.step.text()
    )
    told.emit(Found(job_id="j", part="check", value=AUDIT["checks"][0]))
    told.emit(Found(job_id="j", part="sources", value={"sources": AUDIT["sources"]}))
    assert len(tab.checks.rows) == 1 and tab.sources.isVisible()
    assert not tab.next_steps.isVisible()
    told.emit(Cancelled(job_id="j"))
    assert len(tab.checks.rows) == 1 and tab.audit_bar.ask.isVisible()


def test_another_runs_audit_goes_on_unseen(studio, bridge, tab, audit, qtbot) -> None:
    first, second = add_run(studio, None), add_run(studio, audit)
    tab.refresh()
    qtbot.waitUntil(lambda: len(tab.checks.rows) == 4)
    tab.feed._running["j"], tab.feed._parts[first] = first, {}
    bridge.job_event.emit(Found(job_id="j", part="check", value=AUDIT["checks"][0]))
    assert len(tab.checks.rows) == 4 and not tab.feed.is_running
    bridge.job_event.emit(Done(job_id="j", result={**AUDIT, "checks": AUDIT["checks"][:1]}))
    tab.feed.show_run(first)
    assert len(tab.feed.audit["checks"]) == 1
    tab.feed.show_run(second)
    assert len(tab.feed.audit["checks"]) == 4


def test_a_damaged_audit_is_told(studio, bridge, tab, qtbot) -> None:
    number = add_run(studio, None)
    (studio.run_folder(number) / "audit.json").write_bytes(b"{")
    with qtbot.waitSignal(tab.failed) as told:
        tab.refresh()
    assert "cannot be read" in told.args[0] and "Audit the run again" in told.args[1]


def test_joined_parts_never_change_what_was_shown() -> None:
    before: dict[str, Any] = {"checks": [check("leakage", "ok")]}
    after = joined(before, Found(job_id="j", part="check", value=check("copies", "ok")))
    assert len(before["checks"]) == 1 and len(after["checks"]) == 2
    assert joined({}, Found(job_id="j", part="next", value=[1])) == {"next": [1]}
