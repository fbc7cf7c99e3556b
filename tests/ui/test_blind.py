"""The blind test's room: keys answer, nothing is lost, and every way out of having nothing to judge."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from catstudio.core.blind import Answer, BlindPair
from catstudio.core.changes import SetState
from catstudio.core.types import State
from catstudio.studio import Studio
from catstudio.ui.blind.room import BlindRoom
from catstudio.ui.blind.rounds import BlindRound
from catstudio.ui.blind.start import facts
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.training.eye import EyeView


def press(widget: QWidget, key: Qt.Key, is_repeat: bool = False) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", is_repeat)
    QApplication.sendEvent(widget, event)


@pytest.fixture
def many(studio: Studio, example_photos, add_child) -> Studio:
    """Twelve photos of one label, and five images made for it."""
    photos = sorted((example_photos / "not-cat").glob("*.jpg"))
    studio.run(studio.import_request(photos, label="cat"))
    parent = studio.images()[0].id
    for seed in (11, 12, 13):
        add_child(studio, parent, seed)
    return studio


@pytest.fixture
def enter(bridge: StudioBridge, qtbot):
    def enter() -> BlindRoom:
        room = BlindRoom(bridge)
        qtbot.addWidget(room)
        room.resize(1000, 700)
        room.show()
        qtbot.waitUntil(lambda: room._stack.currentWidget() in (room.start, room.empty))
        return room

    return enter


@pytest.fixture
def begun(many: Studio, enter, qtbot) -> BlindRoom:
    room = enter()
    room.start.begin.click()
    qtbot.waitUntil(lambda: room.pair.has_pictures)
    return room


def answer(room: BlindRoom, key: Qt.Key, qtbot) -> None:
    qtbot.waitUntil(lambda: room.pair.has_pictures)
    press(room, key)


def kept(studio: Studio) -> list[Answer | None]:
    return [pair.answer for pair in studio.blind._pairs()]


# -- the pairs


def made_pairs(n: int) -> list[BlindPair]:
    fields = {"round": "r", "author": "ada", "label": "cat", "source": "seed", "model": ""}
    return [
        BlindPair(
            id=f"p{at}",
            place=at,
            real=f"r{at}",
            made=f"m{at}",
            is_real_left=True,
            is_repeat=False,
            **fields,
        )
        for at in range(n)
    ]


def test_a_round_goes_on_and_back() -> None:
    round_ = BlindRound(made_pairs(3))
    assert (len(round_), round_.answered, round_.id) == (3, 0, "r")
    assert round_.undo() is None
    first = round_.answer(Answer.LEFT)
    assert first is not None and first.is_right and round_.current.id == "p1"
    assert [pair.id for pair in round_.ahead(5)] == ["p1", "p2"]
    assert round_.drop("p1") and not round_.drop("p0") and len(round_) == 2
    round_.answer(Answer.UNSURE)
    assert round_.current is None and round_.answer(Answer.LEFT) is None
    assert round_.undo().id == "p2" and round_.undo().id == "p0" and round_.undo() is None
    assert BlindRound().current is None and BlindRound().id == ""


# -- the room


def test_the_start_says_what_there_is(many: Studio, enter) -> None:
    room = enter()
    page = room.start
    assert page.author == many.blind.author
    assert page.begin.isEnabled() and page.resume.isHidden()
    assert "5 made images make at most" in page.facts.text()
    assert page.count.value() == 20
    assert [chip.isChecked() for chip in page.chips.values()] == [True]


def test_keys_answer_a_whole_round(many: Studio, begun: BlindRoom, qtbot) -> None:
    total = len(begun.round)
    assert total == 5
    keys = (Qt.Key.Key_Left, Qt.Key.Key_2, Qt.Key.Key_Space, Qt.Key.Key_1, Qt.Key.Key_Right)
    for key in keys:
        answer(begun, key, qtbot)
    qtbot.waitUntil(lambda: begun._stack.currentWidget() is begun.results)
    assert kept(many) == [Answer.LEFT, Answer.RIGHT, Answer.UNSURE, Answer.LEFT, Answer.RIGHT]
    assert begun.results.tiles
    ids = []
    begun.show_image.connect(ids.append)
    begun.results.tiles[0].buttons[0].click()
    assert len(ids) == 1 and many.image(ids[0]).is_synthetic
    begun.results.again.click()
    qtbot.waitUntil(lambda: begun._stack.currentWidget() is begun.start)
    assert "practice" in begun.start.facts.text()
    begun.start.results.click()
    qtbot.waitUntil(lambda: begun._stack.currentWidget() is begun.results)


def test_nothing_is_answered_before_it_is_seen(many: Studio, enter, qtbot) -> None:
    room = enter()
    room.start.begin.click()
    qtbot.waitUntil(lambda: room._stack.currentWidget() is room.pair)
    room.pair.left.clear()
    press(room, Qt.Key.Key_Left)
    press(room, Qt.Key.Key_Left, is_repeat=True)
    assert room.round.answered == 0


def test_a_key_held_down_answers_nothing(begun: BlindRoom) -> None:
    press(begun, Qt.Key.Key_Left, is_repeat=True)
    assert begun.round.answered == 0


def test_an_answer_is_taken_back(many: Studio, begun: BlindRoom, qtbot) -> None:
    first = begun.round.current
    answer(begun, Qt.Key.Key_Left, qtbot)
    assert begun.round.answered == 1
    press(begun, Qt.Key.Key_Z)
    assert begun.round.current.id == first.id
    assert kept(many) == [None] * 5
    # Also the last one, from the results.
    for _ in range(5):
        answer(begun, Qt.Key.Key_Left, qtbot)
    qtbot.waitUntil(lambda: begun._stack.currentWidget() is begun.results)
    press(begun, Qt.Key.Key_Backspace)
    assert begun._stack.currentWidget() is begun.pair and begun.round.answered == 4


def test_escape_leaves_and_the_round_goes_on_later(many: Studio, begun, enter, qtbot) -> None:
    answer(begun, Qt.Key.Key_Left, qtbot)
    answer(begun, Qt.Key.Key_Right, qtbot)
    with qtbot.waitSignal(begun.left):
        press(begun, Qt.Key.Key_Escape)
    room = enter()
    assert room.start.resume.text() == "Go on: 3 left"
    room.start.resume.click()
    qtbot.waitUntil(lambda: room.pair.has_pictures)
    assert room.round.answered == 2 and len(room.round) == 5


def test_what_was_right_is_told_when_asked(many: Studio, enter, qtbot) -> None:
    room = enter()
    room.start.tells.setChecked(True)
    room.start.begin.click()
    qtbot.waitUntil(lambda: room.pair.has_pictures)
    pair = room.round.current
    answer(room, Qt.Key.Key_Left if pair.is_real_left else Qt.Key.Key_Right, qtbot)
    assert room.pair.told.text() == "Right"
    notes = room.pair.left_note.text(), room.pair.right_note.text()
    assert sorted(notes) == ["made by Seed diffusion", "the photo"]
    press(room, Qt.Key.Key_Left)
    assert room.round.answered == 1, "one key, one answer"
    press(room, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.pair.has_pictures)
    answer(room, Qt.Key.Key_Space, qtbot)
    assert room.pair.told.text() == "You could not tell"


def test_nothing_gives_the_answer_away(begun: BlindRoom) -> None:
    page = begun.pair
    assert page.left.accessibleName() == "Left image"
    assert page.right.accessibleName() == "Right image"
    assert page.left._pixmap.size() == page.right._pixmap.size()
    assert not page.left.toolTip() and not page.left_note.text()


def test_a_pair_that_cannot_be_shown_is_left_out(many: Studio, enter, qtbot) -> None:
    room = enter()
    many.image_path(next(r for r in many.images() if r.is_synthetic)).unlink()
    said: list[str] = []
    room.told.connect(lambda message, hint: said.append(message))
    room.start.begin.click()
    for _ in range(4):
        answer(room, Qt.Key.Key_Left, qtbot)
        qtbot.waitUntil(lambda: room.pair.has_pictures or room.round.current is None)
    qtbot.waitUntil(lambda: room._stack.currentWidget() is room.results)
    assert len(room.round) == 4 and said
    assert kept(many) == [Answer.LEFT] * 4


def test_ctrl_z_means_the_answer_not_the_last_edit(begun: BlindRoom) -> None:
    override = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
    )
    override.ignore()
    QApplication.sendEvent(begun, override)
    assert override.isAccepted()


# -- nothing to judge


def test_without_made_images_it_says_how_to_make_some(studio: Studio, enter, qtbot) -> None:
    made = tuple(r.id for r in studio.images() if r.is_synthetic)
    studio.apply(SetState(made, State.TRASHED))
    room = enter()
    assert room._stack.currentWidget() is room.empty
    assert room.empty.action.text() == "Make images"
    with qtbot.waitSignals([room.left, room.made_asked]):
        room.empty.action.click()


def test_without_photos_it_says_to_add_some(studio: Studio, enter, qtbot) -> None:
    real = tuple(r.id for r in studio.images() if r.is_real)
    studio.apply(SetState(real, State.TRASHED))
    room = enter()
    assert room.empty.action.text() == "Add photos"
    with qtbot.waitSignals([room.left, room.photos_asked]):
        room.empty.action.click()


def test_labels_that_do_not_meet_are_named(studio: Studio, enter) -> None:
    cats = tuple(r.id for r in studio.images() if r.is_real and r.label == "cat")
    studio.apply(SetState(cats, State.TRASHED))
    room = enter()
    assert room.empty.action.text() == "Add photos"
    assert "No label has both" in room.empty._title.text()


def test_no_maker_chosen_is_no_dead_end(many: Studio, enter, qtbot) -> None:
    room = enter()
    chip = next(iter(room.start.chips.values()))
    chip.click()
    qtbot.waitUntil(lambda: not room.start.begin.isEnabled())
    assert room._stack.currentWidget() is room.start
    chip.click()
    qtbot.waitUntil(room.start.begin.isEnabled)


def test_facts_name_test_photos_and_what_is_new(many: Studio) -> None:
    supply = many.blind.supply("ben")
    assert "test photo" not in facts(supply)
    from msgspec.structs import replace

    assert "2 of the photos are test photos" in facts(replace(supply, tested=2))
    assert "1 pairs are new to ben" in facts(replace(supply, fresh=1))


# -- the training tab's card


def test_the_card_tells_what_was_found_and_opens_the_room(many: Studio, bridge, qtbot) -> None:
    card = EyeView(bridge)
    qtbot.addWidget(card)
    card.refresh()
    (first, *_) = many.blind.begin("ben")
    many.blind.answer_later(first.id, Answer.LEFT)
    card.refresh()
    qtbot.waitUntil(lambda: "ben found the photo in" in card.summary.text())
    with qtbot.waitSignal(card.room_asked) as asked:
        card.ask.click()
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    with qtbot.waitSignals([card.made_asked, card.photos_asked, card.show_image]):
        room.made_asked.emit()
        room.photos_asked.emit()
        room.show_image.emit("x")
