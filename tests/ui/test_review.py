"""Review and preview: single keys, decisions at once, and a way back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from catstudio.core.changes import SetLabel, SetState
from catstudio.core.types import ImageRecord, State
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.preview import PreviewOverlay
from catstudio.ui.review import ReviewView
from catstudio.ui.review_queue import ReviewQueue, worth_a_look_first


@pytest.fixture
def review(bridge: StudioBridge, qtbot) -> ReviewView:
    review = ReviewView(bridge)
    qtbot.addWidget(review)
    review.resize(900, 600)
    review.show()
    return review


@pytest.fixture
def pile(review: ReviewView, studio: Studio, qtbot) -> list[ImageRecord]:
    """The two generated images, under review."""
    review.start()
    qtbot.waitUntil(lambda: len(review.queue) == 2)
    return [r for r in studio.images() if r.state is State.PENDING]


def press(review: QWidget, key: Qt.Key, is_repeat: bool = False) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", is_repeat)
    QApplication.sendEvent(review, event)


def state(studio: Studio, record: ImageRecord) -> State:
    return studio.image(record.id).state


# -- the pile


def test_a_pile_goes_on_by_itself_and_back(studio: Studio) -> None:
    records = studio.images()[:3]
    queue = ReviewQueue(records)
    queue.move(1)
    assert queue.decide(State.REJECTED) == SetState((records[1].id,), State.REJECTED)
    assert queue.current is records[2]
    assert queue.decide(State.ACCEPTED) is None  # it was accepted before: nothing to write
    assert queue.current is records[0] and queue.left == 1
    assert queue.label("not-cat") == SetLabel((records[0].id,), "not-cat")
    assert queue.label("not-cat") is None
    queue.decide(State.ACCEPTED)
    assert queue.left == 0 and queue.count(State.ACCEPTED) == 2
    assert queue.undo() is None and queue.current.id == records[0].id and queue.left == 1
    assert queue.undo() == SetLabel((records[0].id,), "cat")
    assert queue.undo() is None and queue.current.id == records[2].id
    assert queue.undo() == SetState((records[1].id,), State.ACCEPTED)
    assert not queue.can_undo and queue.undo() is None and queue.left == 3


def test_an_empty_pile() -> None:
    queue = ReviewQueue()
    assert queue.current is None and queue.decide(State.ACCEPTED) is None
    assert queue.label("cat") is None and queue.ahead(3) == [] and queue.left == 0


def test_flagged_images_come_first(studio: Studio) -> None:
    first, second = studio.images()[:2]
    params = {"flags": ["close to seed"]}
    odd = replace(second, provenance=replace(second.provenance, params=params))
    assert worth_a_look_first([first, odd]) == [odd, first]


# -- the window


def test_keys_decide_at_once(review: ReviewView, studio: Studio, pile, qtbot) -> None:
    first, second = pile
    assert review._counts.text() == "1 of 2 · 2 left"
    press(review, Qt.Key.Key_2)
    assert review.bar.label_chips["not-cat"].isChecked()
    press(review, Qt.Key.Key_A)
    assert review.queue.current.id == second.id and review.progress.value() == 1
    press(review, Qt.Key.Key_R)
    assert review._done._title.text() == "All reviewed: 1 accepted, 1 rejected"
    assert review._stack.currentWidget() is review._done
    qtbot.waitUntil(lambda: state(studio, second) is State.REJECTED)
    assert state(studio, first) is State.ACCEPTED and studio.image(first.id).label == "not-cat"
    press(review, Qt.Key.Key_Z)
    assert review.queue.current.id == second.id
    assert review._stack.currentWidget() is review._page
    qtbot.waitUntil(lambda: state(studio, second) is State.PENDING)
    with qtbot.waitSignal(review.left):
        press(review, Qt.Key.Key_Escape)


def test_a_key_held_down_decides_nothing_more(review: ReviewView, pile) -> None:
    press(review, Qt.Key.Key_A, is_repeat=True)
    assert review.queue.left == 2
    press(review, Qt.Key.Key_Right, is_repeat=True)
    assert review.queue.at == 1
    press(review, Qt.Key.Key_Left)
    press(review, Qt.Key.Key_Left)
    assert review.queue.at == 0


def test_the_seed_is_beside_it_unless_blind(review: ReviewView, pile, qtbot) -> None:
    qtbot.waitUntil(lambda: review.picture.has_picture and review.seed_picture.has_picture)
    assert review._seed_caption.text() == "Seed: chelsea.jpg"
    assert "seed diffusion" in review._caption.text()
    press(review, Qt.Key.Key_B)
    assert not review._seed_side.isVisible() and review._caption.text() == ""
    assert review.picture.accessibleName() == "Image under review" and review.blind.isChecked()
    review.blind.click()
    assert review._seed_side.isVisible()


def test_the_next_are_decoded_ahead(review: ReviewView, pile, qtbot) -> None:
    full, side = review._pictures.full, review._feed.side
    qtbot.waitUntil(lambda: full.pixmap(pile[1], side) is not None)
    press(review, Qt.Key.Key_A)
    assert review.picture._pixmap.cacheKey() == full.pixmap(pile[1], side).cacheKey()


def test_chosen_images_are_reviewed_in_their_order(
    review: ReviewView, studio: Studio, qtbot
) -> None:
    ids = [r.id for r in studio.images()[2::-1]]
    review.start(ids)
    qtbot.waitUntil(lambda: len(review.queue) == 3)
    assert review.queue.ids() == ids
    assert not review._seed_side.isVisible()


def test_nothing_to_review_says_so(review: ReviewView, studio: Studio, qtbot) -> None:
    waiting = tuple(r.id for r in studio.images() if r.state is State.PENDING)
    studio.apply(SetState(waiting, State.ACCEPTED))
    review.start()
    qtbot.waitUntil(lambda: review._stack.currentWidget() is review._done)
    assert review._done._title.text() == "Nothing to review"
    for key in (Qt.Key.Key_A, Qt.Key.Key_1, Qt.Key.Key_Z, Qt.Key.Key_Right, Qt.Key.Key_B):
        press(review, key)
    with qtbot.waitSignal(review.left):
        review._done.action.click()


def test_new_images_join_the_pile(
    review: ReviewView, studio: Studio, pile, qtbot, add_child
) -> None:
    press(review, Qt.Key.Key_A)
    press(review, Qt.Key.Key_A)
    id_ = add_child(studio, studio.images()[0].id, 7)
    review._bridge.image_added.emit(id_)
    qtbot.waitUntil(lambda: len(review.queue) == 3)
    assert review._counts.text().endswith("1 left")


def test_what_others_change_is_seen(review: ReviewView, studio: Studio, pile, qtbot) -> None:
    press(review, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: studio.image(pile[0].id).label == "not-cat")
    studio.undo()
    qtbot.waitUntil(review.bar.label_chips["cat"].isChecked)


def test_a_failed_edit_is_said_and_taken_back(
    review: ReviewView, studio: Studio, pile, qtbot
) -> None:
    review.bar.set_labels(("cat", "not-cat", "dragon"))
    press(review, Qt.Key.Key_3)
    qtbot.waitUntil(review._error.isVisible)
    assert "dragon" in review._error.text()
    qtbot.waitUntil(review.bar.label_chips["cat"].isChecked)


# -- preview


@pytest.fixture
def preview(bridge: StudioBridge, qtbot) -> PreviewOverlay:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(640, 480)
    window.show()
    return PreviewOverlay(bridge, window)


def test_preview_covers_leafs_and_closes(preview: PreviewOverlay, studio: Studio, qtbot) -> None:
    ids = [r.id for r in studio.images()]
    preview.show_images(ids, ids[-2])
    qtbot.waitUntil(lambda: preview.picture.has_picture)
    assert preview.geometry() == preview.parentWidget().rect()
    qtbot.waitUntil(lambda: preview._count.text() == "5 of 6")
    assert preview._text.text().startswith("Generated from chelsea.jpg")
    with qtbot.waitSignal(preview.moved) as caught:
        press(preview, Qt.Key.Key_Right)
    assert caught.args == [ids[-1]] and preview.current_id == ids[-1]
    press(preview, Qt.Key.Key_Right)
    assert preview.current_id == ids[-1]
    preview.parentWidget().resize(700, 500)
    qtbot.waitUntil(lambda: preview.size() == preview.parentWidget().size())
    with qtbot.waitSignal(preview.closed):
        press(preview, Qt.Key.Key_Space)
    assert not preview.isVisible()
    preview.show_images([], ids[0])
    qtbot.waitUntil(lambda: preview._count.text() == "1 of 1")
    with qtbot.waitSignal(preview.closed):
        qtbot.mouseClick(preview, Qt.MouseButton.LeftButton, pos=preview.rect().bottomLeft())
