"""What bad input gets in the window: the file's name, the reason and what to do, on the screen."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton

from catstudio.core.changes import SetLabel
from catstudio.studio import Studio
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.clipboard import Incoming
from catstudio.ui.job_card import JobCard
from catstudio.ui.main_window import MainWindow
from catstudio.ui.refused_list import FIRST, MOST, RefusedList
from catstudio.ui.settings import SettingsFile
from catstudio.ui.theme import apply_theme
from catstudio.ui.workspace import Workspace
from tests.bad_files import (
    MODEL_REASONS,
    REASONS,
    as_nobody,
    bad_images,
    bad_models,
    checkpoint,
    damage,
    make_newer,
)
from tests.ui.dropping import drop_files

LONG_NAME = "a-file-name-as-long-as-phones-and-messengers-like-them_IMG_20240912_183012_HDR.jpeg"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("bad-input")
        patch.setenv("CATSTUDIO_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def held(home: Path, qapp: QApplication) -> Iterator[MainWindow]:
    """One window for all rows: none of them may harm it. It has no project between them."""
    window = MainWindow(SettingsFile(), apply_theme(qapp, "light"))
    window.show()
    yield window
    window._close_now()
    window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def window(held: MainWindow, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with a new project and nothing said yet."""
    held.projects.create(tmp_path, "Cats", ("cat", "not-cat"))
    wait(lambda: held.workspace is not None)
    yield held
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
    held.projects.close()
    held.projects._opener.wait()
    held.messages.clear()


def wait(until: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        QTest.qWait(5)


def workspace(window: MainWindow) -> Workspace:
    assert window.workspace is not None
    return window.workspace


def on_screen(window: MainWindow) -> str:
    """All the text that the window's labels show."""
    QApplication.processEvents()
    return "\n".join(one.text() for one in window.findChildren(QLabel) if one.isVisible())


def finished_card(window: MainWindow, seconds: float = 10) -> JobCard:
    """The card of the one job, once it is over."""
    cards = workspace(window).queue.cards
    wait(lambda: bool(cards) and all(card.is_over for card in cards.values()), seconds)
    (card,) = cards.values()
    return card


def said(window: MainWindow, *words: str) -> None:
    """Wait until every one of ``words`` can be read."""
    wait(lambda: bool(window.messages.messages))
    text = on_screen(window)
    assert all(word in text for word in words), text


# -- images


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_a_bad_file_alone_is_named_with_the_reason(
    window: MainWindow, tmp_path: Path, cat_photo: Path, name: str, reason: str
) -> None:
    bad_images(tmp_path, cat_photo)
    drop_files(window, tmp_path / name)
    card = finished_card(window)
    assert card.step_text == "0 added, 1 refused"
    (row,) = card.refused.rows
    assert row.text().startswith(f"{name} ") and reason in row.text()
    assert row.text().count(". ") == 1, "a reason, and what to do"
    assert row.text() in on_screen(window)
    assert card.refused.more.isHidden()


def test_bad_files_among_good_ones_are_all_listed_and_the_rest_goes_on(
    window: MainWindow, tmp_path: Path, cat_photo: Path, free_photos: dict[str, Path]
) -> None:
    bad = bad_images(tmp_path, cat_photo)
    (tmp_path / LONG_NAME).write_bytes(cat_photo.read_bytes()[:300])
    good = [free_photos[name] for name in ("chelsea", "coffee", "coins", "rocket")]
    drop_files(window, *bad[:3], *good, *bad[3:], tmp_path / LONG_NAME)
    card = finished_card(window)
    assert card.step_text == "4 added, 6 refused"
    assert len(workspace(window).studio.images()) == 4
    assert len(card.refused.rows) == FIRST
    assert card.refused.more.text() == "Show 4 more"
    card.refused.more.click()
    text = on_screen(window)
    for name, reason in {**REASONS, LONG_NAME: "cut short"}.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        assert reason in line
    scroll = workspace(window).queue._scroll
    for row in (*card.refused.rows, card._copy, card.cancel):
        scroll.ensureWidgetVisible(row)
        QApplication.processEvents()
        assert row.visibleRegion().boundingRect().width() == row.width(), "cut off at the side"
    card._copy.click()
    assert all(name in QGuiApplication.clipboard().text() for name in REASONS)
    card.refused.more.click()
    assert len(card.refused.rows) == FIRST


def test_a_very_long_list_says_where_the_rest_is(window: MainWindow, tmp_path: Path) -> None:
    for number in range(MOST + 10):
        (tmp_path / f"{number}.jpg").touch()
    drop_files(window, tmp_path)
    refused: RefusedList = finished_card(window).refused
    refused.more.click()
    assert len(refused.rows) == MOST
    assert f"all {MOST + 10}" in refused.more.text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "has no images in it. Choose a folder that holds"),
        ("notes", "has no images in it. Choose a folder that holds"),
        ("locked", "cannot be read: permission denied. Check that you may open"),
    ],
)
def test_a_folder_that_brings_nothing_says_why(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    if name == "notes":
        (folder / "notes.txt").touch()
    if name == "locked":
        real = Path.iterdir

        def iterdir(path: Path) -> Iterator[Path]:
            if path == folder:
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(Path, "iterdir", iterdir)
    drop_files(window, folder)
    assert finished_card(window).step_text == "0 added, 1 refused"
    assert f"{name} {words}" in on_screen(window)


def test_an_unknown_label_is_named_with_the_known_ones(window: MainWindow, cat_photo: Path) -> None:
    workspace(window).bring_in(Incoming(paths=(str(cat_photo),)), "dragon")
    said(window, "dragon", "cat, not-cat")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a cat", ("There is no image to add", "Copy or drop images")),
        ("https://example.org/cat.jpg", ("does not fetch pictures", "Save the picture")),
    ],
)
def test_pasted_text_is_answered(window: MainWindow, text: str, words: tuple[str, ...]) -> None:
    QGuiApplication.clipboard().setText(text)
    window.intake.paste()
    said(window, *words)


# -- projects


def _read_only(project: Path) -> None:
    for place in (project, *project.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)


@pytest.mark.parametrize(
    ("harm", "reason", "remedy"),
    [
        (make_newer, "newer CatStudio", "Update CatStudio"),
        (damage, "damaged", "goes back to the last good copy"),
        (_read_only, "read-only", "Copy the project"),
        (shutil.rmtree, "no project", "Check the path"),
    ],
)
def test_a_project_that_cannot_be_opened_says_why_and_the_open_one_stays(
    window: MainWindow, harm: Callable[[Path], None], reason: str, remedy: str
) -> None:
    stays = workspace(window)
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        project = Path(name) / "Birds.catstudio"
        Studio.create(project).close()
        harm(project)
        with as_nobody() if harm is _read_only else nullcontext():
            window.open_project(project)
            wait(lambda: bool(window.messages.messages))
        for place in (project, *project.rglob("*")) if project.exists() else ():
            place.chmod(0o755)
    said(window, "Birds", reason, remedy)
    assert window.workspace is stays


def test_a_damaged_project_is_brought_back_by_the_button_beside_the_reason(
    window: MainWindow, tmp_path: Path, cat_photo: Path
) -> None:
    project = tmp_path / "Birds.catstudio"
    with Studio.create(project) as studio:
        studio.run(studio.import_request([cat_photo], label="cat"))
    damage(project)
    window.open_project(project)
    said(window, "Birds", "damaged")
    (repair,) = (b for b in window.messages.findChildren(QPushButton) if b.text() == "Repair")
    repair.click()
    wait(lambda: window.workspace is not None and window.workspace.studio.root == project)
    assert len(workspace(window).studio.images()) == 1
    said(window, "last good copy is back")


def test_a_damaged_project_without_a_copy_says_where_its_images_are(
    window: MainWindow, tmp_path: Path
) -> None:
    project = tmp_path / "Birds.catstudio"
    Studio.create(project).close()
    damage(project)
    (project / "project.sqlite.backup").unlink()
    window.projects.repair(str(project))
    said(window, "Birds has no copy", "import them into a new project")


def test_a_project_in_a_read_only_place_says_what_to_do(window: MainWindow) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        with as_nobody():
            window.projects.create(Path(name), "Birds", ("bird",))
            wait(lambda: bool(window.messages.messages))
        Path(name).chmod(0o755)
    said(window, "Birds.catstudio cannot be made", "read-only", "Choose another place")


def test_a_dropped_project_is_opened_and_gives_no_photos(
    window: MainWindow, tmp_path: Path, cat_photo: Path
) -> None:
    other = tmp_path / "Birds.catstudio"
    with Studio.create(other) as studio:
        studio.run(studio.import_request([cat_photo], label="cat"))
    drop_files(window, other, cat_photo)  # among photos it is one of the files that are none
    card = finished_card(window)
    (row,) = card.refused.rows
    assert row.text() == (
        "Birds.catstudio is a CatStudio project, not a folder of photos. Open it instead."
    )
    assert len(workspace(window).studio.images()) == 1
    drop_files(window, other)
    wait(lambda: window.workspace is not None and window.workspace.studio.root == other)
    assert len(workspace(window).studio.images()) == 1


def test_a_project_deleted_while_open_says_so_at_the_next_step(
    window: MainWindow, tmp_path: Path, cat_photo: Path
) -> None:
    root = tmp_path / "Gone.catstudio"
    with Studio.create(root) as studio:
        studio.run(studio.import_request([cat_photo], label="cat"))
    window.open_project(root)
    wait(lambda: window.workspace is not None and window.workspace.studio.root == root)
    space = workspace(window)
    ids = tuple(image.id for image in space.studio.images())
    shutil.rmtree(root)
    for act in (
        lambda: space.bridge.apply(SetLabel(ids, "not-cat")),
        space.training.train,
    ):
        window.messages.clear()
        act()
        said(window, "Gone.catstudio", "cannot be reached", "put back")
    drop_files(window, cat_photo)
    assert "Gone.catstudio cannot be reached" in finished_card(window).step_text


# -- models and prompts


@pytest.mark.parametrize(("name", "reason"), MODEL_REASONS.items())
def test_a_model_that_cannot_be_used_is_named(
    window: MainWindow, tmp_path: Path, name: str, reason: str
) -> None:
    bad_models(tmp_path)
    model = _diffusers(window).model
    assert model is not None
    model.add(str(tmp_path / name))
    said(window, name, reason)
    assert model.value() == ""


def test_a_brace_without_its_partner_is_said_below_the_prompt(
    window: MainWindow, tmp_path: Path
) -> None:
    page, panel = _diffusers(window), workspace(window).panel
    assert page.prompt is not None and page.model is not None
    (tmp_path / "whole.safetensors").write_bytes(checkpoint())
    page.model.add(str(tmp_path / "whole.safetensors"))
    wait(lambda: page.model is not None and page.model.value() == "whole")
    page.prompt.setPlainText("a {grey|black cat")
    assert "never closed at character 3. Close it" in on_screen(window)
    assert not panel.button.isEnabled()
    page.prompt.setPlainText("a {grey|black} cat")
    assert panel.button.isEnabled()
    page.model._registry.remove("whole")


def _diffusers(window: MainWindow) -> GeneratePage:
    panel = workspace(window).panel
    panel.choose("diffusers")
    assert isinstance(panel.page, GeneratePage)
    return panel.page


@pytest.mark.needs_engine
def test_models_that_a_job_meets_fail_on_the_card_and_the_next_job_works(
    window: MainWindow, tmp_path: Path, cat_photo: Path
) -> None:
    space = workspace(window)
    drop_files(window, cat_photo)
    finished_card(window)
    (tmp_path / "whole.safetensors").write_bytes(checkpoint())
    for model, words in (
        ("nobody/nothing", ("nobody/nothing", "not in the Hugging Face cache", "Allow download")),
        (str(tmp_path / "whole.safetensors"), ("whole.safetensors", "cannot be loaded")),
    ):
        space.queue.clear_finished()
        options = {"model": model}
        space.bridge.submit(
            space.studio.generate_request(
                "diffusers", "cat", 1, prompts=("a cat",), options=options
            )
        )
        finished_card(window, 60)
        text = on_screen(window)
        assert all(word in text for word in words), text
        assert "unexpected" not in text
    # A worker that is killed is no end either.
    space.queue.clear_finished()
    space.bridge.submit(space.studio.generate_request("seed", "cat", 200, options={"size": 64}))
    wait(lambda: len(space.studio.images()) > 2, 60)
    assert space.studio.worker_pid is not None
    psutil.Process(space.studio.worker_pid).kill()
    finished_card(window, 60)
    text = on_screen(window)
    assert "The worker process stopped" in text and "finished so far is kept" in text
    space.queue.clear_finished()
    space.bridge.submit(space.studio.generate_request("seed", "cat", 1, options={"size": 64}))
    assert finished_card(window, 60).failure is None
