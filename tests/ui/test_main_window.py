"""The window as a whole: begins, opens, drops, undoes, remembers, closes; never loads a model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget

from catstudio.core.changes import SetState
from catstudio.core.types import State
from catstudio.jobs.events import Done, ImageAdded, Progress, Queued
from catstudio.studio import Studio
from catstudio.ui.app import CaughtErrors
from catstudio.ui.clipboard import Incoming
from catstudio.ui.closing import StopAfterImage
from catstudio.ui.main_window import MIN_SIZE, MainWindow
from catstudio.ui.messages import Message, MessageList
from catstudio.ui.settings import SettingsFile
from catstudio.ui.single_instance import SingleInstance, hand_over
from catstudio.ui.tabs import GALLERY, TRAINING
from catstudio.ui.theme import apply_theme
from catstudio.ui.workspace import Workspace
from tests.ui.dropping import drop, of_files

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def window(home: Path, qapp: QApplication) -> Iterator[MainWindow]:
    window = MainWindow(SettingsFile(), apply_theme(qapp, "light"))
    window.show()
    yield window
    window._close_now()
    window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def opened(window: MainWindow, qtbot) -> Workspace:
    """The window's new, empty project."""
    with qtbot.waitSignal(window.project_opened):
        window.welcome.begin.click()
    assert window.workspace is not None
    return window.workspace


def wait_for_images(workspace: Workspace, qtbot, n: int) -> None:
    qtbot.waitUntil(lambda: len(workspace.studio.images()) == n, timeout=10_000)
    qtbot.waitUntil(lambda: not workspace.queue.running)


# -- beginning


def test_the_window_is_there_at_once(home: Path, qapp: QApplication) -> None:
    window = MainWindow(SettingsFile(), apply_theme(qapp, "light"))
    window.show()
    QApplication.processEvents()
    assert window.stack.currentWidget() is window.welcome
    window.close()
    window.deleteLater()


def test_dropping_a_photo_on_the_welcome_page_begins_a_labelled_project(
    window: MainWindow, qtbot, cat_photo: Path, home: Path
) -> None:
    window.welcome.name.setText("Cats")
    window.welcome.labels.setText("cat, dog")
    with qtbot.waitSignal(window.project_opened):
        drop(window, of_files(cat_photo), "cat")
    assert window.workspace is not None
    wait_for_images(window.workspace, qtbot, 1)
    studio = window.workspace.studio
    assert studio.root == home / "projects" / "Cats.catstudio"
    assert studio.labels() == ("cat", "dog")
    (image,) = studio.images()
    assert (image.label, image.state, image.name) == ("cat", State.ACCEPTED, "chelsea.jpg")
    assert window.windowTitle().startswith("Cats")
    qtbot.waitUntil(lambda: window.header.counts.text() == "cat 1 · dog 0")


def test_what_is_dropped_for_later_waits_in_review(
    window: MainWindow, opened: Workspace, qtbot, free_photos: dict[str, Path]
) -> None:
    drop(window, of_files(*list(free_photos.values())[:3]), None)
    wait_for_images(opened, qtbot, 3)
    assert {image.state for image in opened.studio.images()} == {State.PENDING}
    qtbot.waitUntil(lambda: window.header.review.text() == "to review 3")
    assert not window.header.review.isHidden()


def test_a_link_is_refused_with_an_explanation(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    drop(window, mime, "cat")
    (message,) = window.messages.messages
    assert "does not fetch" in message.text
    assert "Save the picture" in message.hint
    assert window.workspace is None


def test_dragging_images_out_does_not_cover_the_window(window: MainWindow) -> None:
    class OwnDrag(QDragEnterEvent):
        def source(self) -> QWidget:
            return window

    event = OwnDrag(
        window.rect().center(),
        Qt.DropAction.CopyAction,
        of_files(Path("/x.jpg")),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dragEnterEvent(event)
    assert not window.overlay.isVisible()


def test_a_picture_can_be_pasted(window: MainWindow, opened: Workspace, qtbot) -> None:
    image = QImage(96, 64, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkYellow)
    QGuiApplication.clipboard().setImage(image)
    qtbot.waitUntil(lambda: opened.counts.readiness is not None)  # The labels come with it.
    opened.panel.labels.choose("not-cat")
    window.actions_.paste.trigger()
    wait_for_images(opened, qtbot, 1)
    (record,) = opened.studio.images()
    assert (record.label, record.width) == ("not-cat", 96)
    assert record.name.startswith("pasted ")


def test_an_empty_clipboard_is_told(window: MainWindow, opened: Workspace) -> None:
    QGuiApplication.clipboard().setText("no image")
    window.actions_.paste.trigger()
    assert window.messages.messages[0].text == "There is no image to add."


def test_the_example_opens(window: MainWindow, qtbot) -> None:
    with qtbot.waitSignal(window.project_opened, timeout=20_000):
        window.welcome.example_asked.emit()
    assert window.workspace is not None
    assert len(window.workspace.studio.images()) == 14
    with qtbot.waitSignal(window.projects.recent_changed):
        qtbot.waitUntil(lambda: bool(window._settings.recent[0].picture))
    assert Path(window._settings.recent[0].picture).is_file()


# -- an open project


def test_undo_is_named_and_comes_back(
    window: MainWindow, opened: Workspace, qtbot, cat_photo: Path
) -> None:
    assert not window.actions_.undo.isEnabled()
    opened.bring_in(Incoming(paths=(str(cat_photo),)), "cat")
    wait_for_images(opened, qtbot, 1)
    (image,) = opened.studio.images()
    opened.bridge.apply(SetState((image.id,), State.REJECTED))
    qtbot.waitUntil(lambda: window.actions_.undo.text() == "Undo reject 1 image")
    assert window.actions_.undo.toolTip() == "Undo reject 1 image (Ctrl+Z)"
    window.actions_.undo.trigger()
    qtbot.waitUntil(lambda: window.actions_.redo.text() == "Redo reject 1 image")
    assert opened.studio.image(image.id).state is State.ACCEPTED


def test_copies_count_as_a_weight(opened: Workspace, qtbot, cat_photo: Path) -> None:
    opened.bring_in(Incoming(paths=(str(cat_photo),)), "cat")
    wait_for_images(opened, qtbot, 1)
    opened.panel.choose("copy")
    qtbot.waitUntil(opened.panel.button.isEnabled)
    with qtbot.waitSignal(opened.bridge.touched):
        opened.panel.button.click()
    assert opened.studio.images()[0].weight == 30


def test_searching_shows_the_gallery(window: MainWindow, opened: Workspace, qtbot) -> None:
    window.actions_.training.trigger()
    assert opened.tabs.currentIndex() == TRAINING
    assert opened.inspector.isHidden(), "training needs the inspector's room"
    window.header.search.setText("grey")
    qtbot.waitUntil(lambda: opened.tabs.currentIndex() == GALLERY)
    qtbot.waitUntil(lambda: opened.gallery.model.filter().text == "grey")
    assert not opened.inspector.isHidden()


def test_review_and_preview_take_the_whole_window(
    window: MainWindow, opened: Workspace, qtbot, free_photos: dict[str, Path]
) -> None:
    opened.bring_in(Incoming(paths=(str(free_photos["coffee"]),)), None)
    wait_for_images(opened, qtbot, 1)
    window.actions_.review.trigger()
    assert window.full is not None
    assert window.pages.currentWidget() is window.full.review_view
    window.full.review_view.leave()
    qtbot.waitUntil(lambda: window.pages.currentIndex() == 0)
    (image,) = opened.studio.images()
    opened.preview_asked.emit([image.id], image.id)
    assert window.full.preview_overlay is not None
    assert window.full.preview_overlay.isVisible()


def test_sides_can_be_put_away_and_stay_away(window: MainWindow, opened: Workspace) -> None:
    window.actions_.panel.trigger()
    assert opened.left.isHidden()
    assert not window._settings.shows_panel


def test_everything_fits_into_the_smallest_window(window: MainWindow, opened: Workspace) -> None:
    window.resize(*MIN_SIZE)
    QApplication.processEvents()
    assert (window.width(), window.height()) == MIN_SIZE
    for tab in (GALLERY, TRAINING):
        opened.tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        assert window.width() == MIN_SIZE[0]


def test_every_action_has_words_and_keys_of_its_own(window: MainWindow) -> None:
    keys = [keys for _, keys in window.actions_.shortcuts()]
    assert all(keys) and len(set(keys)) == len(keys)
    window.header.shortcuts_asked.emit()


def test_the_theme_is_chosen_and_remembered(window: MainWindow, qapp: QApplication) -> None:
    window.header.theme.click()
    assert (window._settings.theme, window.header.theme.toolTip()) == ("dark", "Light theme")
    window.header.theme.click()
    assert window._settings.theme == "light"


# -- closing


def test_what_the_next_start_should_find_is_kept(
    window: MainWindow, opened: Workspace, qapp: QApplication
) -> None:
    opened.splitter.setSizes([320, 640, 300])
    opened.gallery.set_cell_size(224)
    root = opened.studio.root
    window.close()
    again = SettingsFile().values
    assert again.last_project == str(root)
    assert again.zoom == 224
    assert again.splitter == opened.splitter.sizes()
    assert again.geometry


def test_a_closed_project_can_be_opened_again(window: MainWindow, opened: Workspace, qtbot) -> None:
    root = opened.studio.root
    window.actions_.close.trigger()
    assert window.workspace is None
    assert window.stack.currentWidget() is window.welcome
    assert not window.actions_.train.isEnabled()
    with qtbot.waitSignal(window.project_opened):
        window.welcome.recent.tiles[str(root)].click()


def test_a_project_that_cannot_be_opened_says_why(
    window: MainWindow, qtbot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.projects.told):
        window.open_project(tmp_path / "nothing.catstudio")
    assert "There is no project at" in window.messages.messages[0].text
    assert window.stack.currentWidget() is window.welcome


def test_another_project_takes_the_place_of_the_open_one(
    window: MainWindow, opened: Workspace, qtbot, tmp_path: Path
) -> None:
    other = tmp_path / "Other.catstudio"
    Studio.create(other).close()
    before = opened.studio.root
    with qtbot.waitSignal(window.project_opened):
        window.open_project(other)
    assert window.windowTitle().startswith("Other")
    with qtbot.waitSignal(window.project_opened):  # and the first is free again
        window.open_project(before)


def test_a_project_that_cannot_be_opened_leaves_the_open_one(
    window: MainWindow, opened: Workspace, qtbot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.projects.told):
        window.open_project(tmp_path / "nothing.catstudio")
    assert window.workspace is opened
    assert opened.studio.images() == []


def test_a_window_closed_while_it_opens_leaves_nothing_open(
    window: MainWindow, tmp_path: Path
) -> None:
    root = tmp_path / "Other.catstudio"
    Studio.create(root).close()
    window.open_project(root)
    window.close()
    QApplication.processEvents()
    Studio.open(root).close()


def test_a_project_that_is_open_elsewhere_is_left_alone(
    window: MainWindow, qtbot, studio: Studio
) -> None:
    with qtbot.waitSignal(window.projects.told):
        window.open_project(studio.root)
    assert "is open in another CatStudio" in window.messages.messages[0].text


def running(workspace: Workspace, job_id: str = "job") -> None:
    """As if a generator were at work."""
    workspace.asking.generating.add(job_id)
    workspace.bridge.job_event.emit(Queued(job_id=job_id, title="Generate 8 × cat"))
    workspace.bridge.job_event.emit(Progress(job_id=job_id, done=1, total=8))


def test_closing_while_work_runs_asks_once(window: MainWindow, opened: Workspace) -> None:
    running(opened)
    window.close()
    assert window.isVisible()
    assert not window.closing_bar.isHidden()
    window.closing_bar.stay.emit()
    assert window.closing_bar.isHidden()
    window.close()
    window.close()
    assert not window.isVisible(), "asked again, it closes"


def test_finish_then_close_waits_for_the_queue(window: MainWindow, opened: Workspace) -> None:
    running(opened)
    window.close()
    window.closing_bar.finish.emit()
    assert window.isVisible()
    opened.bridge.job_event.emit(Done(job_id="job"))
    assert not window.isVisible()


def test_work_that_ends_while_asking_closes_nothing(window: MainWindow, opened: Workspace) -> None:
    running(opened)
    window.close()
    opened.bridge.job_event.emit(Done(job_id="job"))
    assert window.isVisible()
    assert window.closing_bar.isHidden()


def test_stop_after_this_image_lets_it_land(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[str] = []
    monkeypatch.setattr(opened.studio, "cancel", cancelled.append)
    StopAfterImage(opened.bridge, ["first", "waiting"], lambda _: True, opened)
    assert cancelled == ["waiting"]
    opened.bridge.job_event.emit(ImageAdded(job_id="first", image_id="1", is_duplicate=True))
    assert cancelled == ["waiting", "first"]


# -- messages and errors


def test_an_unexpected_error_is_told_and_logged(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    errors = CaughtErrors(window)
    errors.caught.connect(window.tell)
    try:
        try:
            raise ZeroDivisionError("a test")
        except ZeroDivisionError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        errors.close()
    message = window.messages.messages[0]
    assert "ZeroDivisionError: a test" in message.text
    assert "Traceback" in message.details
    assert "saved as you make them" in message.hint
    assert "ZeroDivisionError" in caplog.text


def test_an_error_in_a_thread_is_told_too(
    window: MainWindow, qtbot, caplog: pytest.LogCaptureFixture
) -> None:
    errors = CaughtErrors(window)
    errors.caught.connect(window.tell)

    def fail() -> None:
        raise ZeroDivisionError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    errors.close()
    qtbot.waitUntil(lambda: bool(window.messages.messages))
    assert "in a thread" in window.messages.messages[0].text


def test_prompts_are_kept_before_the_end(window: MainWindow, opened: Workspace, qtbot) -> None:
    window._settings.remember_prompt("a grey cat")
    opened.panel.generate_asked.disconnect(opened.asking.generate)
    opened.panel.generate_asked.emit(None)
    qtbot.waitUntil(lambda: SettingsFile().values.prompts == ["a grey cat"])


def test_messages_are_few_and_their_details_can_be_copied(themed: QApplication, qtbot) -> None:
    messages = MessageList()
    qtbot.addWidget(messages)
    for number in range(5):
        messages.show_message(Message(f"message {number}", details="trace"))
    assert [one.text for one in messages.messages] == ["message 4", "message 3", "message 2"]
    messages.show_message(Message("message 3", details="trace"))
    assert messages.messages[0].text == "message 3"
    messages._bars[0].copy_details()
    assert QGuiApplication.clipboard().text() == "message 3\n\ntrace"
    done = []
    messages.show_message(Message("m", action="Do it"), lambda: done.append(1))
    messages._bars[0].acted.emit()
    assert done == [1]
    messages.clear()
    assert messages.isHidden()


def test_a_second_start_hands_over(qapp: QApplication, qtbot, home: Path) -> None:
    assert not hand_over("/x", "catstudio-test-nobody")
    first = SingleInstance("catstudio-test-single")
    assert first.is_listening
    with qtbot.waitSignal(first.asked) as got:
        assert hand_over("/data/Cats.catstudio", "catstudio-test-single")
    assert got.args == ["/data/Cats.catstudio"]
    first.close()
    first.close()


# -- the promise: no model in this process


SCRIPT = """
import sys, time
from PySide6.QtCore import QEventLoop, QTimer
from catstudio.ui.app import Window, build_application
from catstudio.jobs.events import Done, Failed
app = build_application()
holder = Window(app, name="catstudio-test-modules")
window = holder.window
def until(true, seconds=100):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "too slow"
        loop = QEventLoop(); QTimer.singleShot(20, loop.quit); loop.exec()
window.intake.choose((sys.argv[1],))
until(lambda: window.workspace is not None)
space = window.workspace
until(lambda: space.counts.readiness and space.counts.readiness.labels[0].real == 1)
ends = []
space.bridge.job_event.connect(lambda e: ends.append(e) if isinstance(e, (Done, Failed)) else None)
space.panel.choose("augment")
until(space.panel.button.isEnabled)
space.panel.page._count.set_value(2)
space.panel.press()
until(lambda: bool(ends))
assert isinstance(ends[0], Done) and ends[0].result["made"] == 2, ends
heavy = {"torch", "diffusers", "transformers", "onnxruntime", "kornia", "catstudio.engine"}
print("HEAVY", sorted(heavy & set(sys.modules)))
window.close()
holder.close()
"""


STARTS = """
import gc, sys
from catstudio import __main__
from catstudio.ui.app import Window, build_application
app = build_application()
holder = Window(app, name="catstudio-test-start")
app.processEvents()
late = {"catstudio.cli.main", "catstudio.studio", "catstudio.ui.workspace", "numpy", "PIL"}
print("LATE", sorted(late & set(sys.modules)))
holder.window.projects.get_ready()
holder.window.close()  # waits for it
print("READY", sorted(late & set(sys.modules)))
assert gc.get_freeze_count()
holder.window.projects.get_ready()
assert not holder.window.projects._opener.is_busy
holder.close()
"""


def said_by(home: Path, seconds: float, script: str, *arguments: str) -> str:
    """What ``script`` prints in a process of its own, which must end well within ``seconds``."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "CATSTUDIO_HOME": str(home), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_an_open_project_needs_is_loaded_after_the_first_frame(home: Path) -> None:
    told = said_by(home, 60, STARTS)
    assert "LATE []" in told, told
    assert "'catstudio.studio', 'catstudio.ui.workspace'" in told, told


@pytest.mark.needs_engine
def test_no_model_is_ever_loaded_by_the_window(home: Path, cat_photo: Path) -> None:
    told = said_by(home, 110, SCRIPT, str(cat_photo))
    assert "HEAVY []" in told, told
