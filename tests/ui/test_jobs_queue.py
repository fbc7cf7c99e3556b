"""The queue: a card from waiting to its end, and what is said of a failure."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from catstudio.core.wording import duration
from catstudio.jobs.events import (
    AnyEvent,
    Cancelled,
    Done,
    Failed,
    ImageAdded,
    Progress,
    Queued,
    Warned,
)
from catstudio.ui.job_card import JobCard, result_text
from catstudio.ui.jobs_queue import MAX_FINISHED, JobsQueue


@pytest.fixture
def queue(themed: QApplication, qtbot) -> JobsQueue:
    queue = JobsQueue()
    queue.resize(280, 300)
    qtbot.addWidget(queue)
    return queue


def start(queue: JobsQueue, job_id: str = "j", title: str = "Generate 8 × cat") -> JobCard:
    queue.show_event(Queued(job_id=job_id, title=title))
    return queue.cards[job_id]


def test_it_takes_no_room_without_jobs(queue: JobsQueue) -> None:
    assert queue.isHidden()
    start(queue)
    assert not queue.isHidden()


def test_a_running_job_shows_step_and_estimate(queue: JobsQueue) -> None:
    card = start(queue)
    assert card.step_text == "Waits for its turn"
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "orange").save(buffer, "PNG")
    queue.show_event(
        Progress(
            job_id="j", done=2.5, total=8, message="Image 3 of 8", eta=12.4,
            preview=buffer.getvalue(),
        )
    )  # fmt: skip
    assert card.step_text == "Image 3 of 8 · about 12 s left"
    assert card._bar.value() == round(1000 * 2.5 / 8)
    assert not card._preview.pixmap().isNull()


def test_a_broken_preview_is_passed_over(queue: JobsQueue) -> None:
    card = start(queue)
    queue.show_event(Progress(job_id="j", done=0, total=0, preview=b"no picture"))
    assert card._preview.isHidden()


def test_cancel_is_asked_for_once(queue: JobsQueue, qtbot) -> None:
    card = start(queue)
    with qtbot.waitSignal(queue.cancel_asked) as got:
        card.cancel.click()
    assert got.args == ["j"]
    assert not card.cancel.isEnabled()
    queue.show_event(ImageAdded(job_id="j", image_id="1"))
    queue.show_event(Cancelled(job_id="j"))
    assert card._title.text() == "Stopped, 1 kept · Generate 8 × cat"
    assert queue.running == []


def test_a_finished_job_is_one_line_and_can_be_taken_away(queue: JobsQueue, qtbot) -> None:
    card = start(queue)
    with qtbot.waitSignal(queue.finished):
        queue.show_event(Done(job_id="j", result={"made": 8, "seconds": 12.3}))
    assert card._title.text() == "8 images in 12 s · Generate 8 × cat"
    assert card._step.isHidden() and card._bar.isHidden()
    card.cancel.click()
    assert queue.cards == {}
    assert queue.isHidden()


def test_a_failure_keeps_message_hint_and_details(queue: JobsQueue) -> None:
    card = start(queue)
    queue.show_event(
        Failed(
            job_id="j", message="The model is cut short.", hint="Copy it again.", details="trace"
        )
    )
    assert card.step_text == "The model is cut short. Copy it again."
    assert not card._copy.isHidden()
    card._copy.click()
    copied = QGuiApplication.clipboard().text()
    assert all(part in copied for part in ("Generate 8", "cut short", "Copy it again", "trace"))


def test_refused_files_are_told(queue: JobsQueue) -> None:
    card = start(queue, title="Add 3 files to cat")
    for name in ("a.png", "b.png"):
        queue.show_event(Warned(job_id="j", message=f"{name} is empty.", hint="Copy it again."))
    queue.show_event(Done(job_id="j", result={"added": 1, "duplicates": 0, "refused": [1, 2]}))
    assert card.step_text == "1 added, 2 refused"
    assert [row.text() for row in card.refused.rows] == [
        "a.png is empty. Copy it again.",
        "b.png is empty. Copy it again.",
    ]
    assert card.refused.more.isHidden()
    card.copy_details()
    assert "b.png is empty. Copy it again." in QGuiApplication.clipboard().text()


def test_the_oldest_finished_cards_go(queue: JobsQueue) -> None:
    for number in range(MAX_FINISHED + 5):
        start(queue, job_id=str(number))
        queue.show_event(Done(job_id=str(number)))
    assert len(queue.cards) == MAX_FINISHED
    assert "0" not in queue.cards
    queue.clear_finished()
    assert queue.cards == {}


def test_events_of_unknown_jobs_are_passed_over(queue: JobsQueue) -> None:
    events: tuple[AnyEvent, ...] = (Progress(job_id="x", done=1, total=2), Done(job_id="x"))
    for event in events:
        queue.show_event(event)
    assert queue.cards == {}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (89, "89 s"), (90, "2 min"), (5400, "1 h 30 min"), (-1, "0 s")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"run": 3, "metrics": None}, "run 3"),
        ({"made": 1, "seconds": 4}, "1 image in 4 s"),
        ({"made": 0}, "0 images"),
        ({"added": 2, "duplicates": 1, "refused": []}, "2 added, 1 already there"),
        ({"predictions": []}, ""),
    ],
)
def test_results_are_for_people(result: dict[str, object], text: str) -> None:
    assert result_text(result) == text
