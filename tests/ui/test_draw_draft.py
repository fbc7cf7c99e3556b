"""Unsaved drawings: written in the background, read back, never lost to a save or a bad file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from catstudio.core.errors import BadInputError
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw import draft
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.draft_keeper import DraftKeeper
from catstudio.ui.draw.layer import Snapshot
from catstudio.ui.draw.tools import Kit, Sample, Tool, action


def stroke(document: Document, x: float = 20) -> None:
    one = action(document, Kit(color=QColor("#3366cc")), Tool.BRUSH)
    one.press(Sample(x, 20))
    one.move(Sample(x + 10, 30))
    one.release()


@pytest.fixture(scope="module")
def packed() -> bytes:
    document = Document(64, 48)
    stroke(document)
    document.add_layer()
    document.show_layer(1, name="whiskers")
    document.show_layer(1, opacity=0.5)
    document.label = "cat"
    return draft.Encoder().encode(document.snapshot())


def test_a_drawing_comes_back_as_it_was(packed: bytes) -> None:
    first = draft.decode(packed)
    assert draft.Encoder().encode(first) == packed
    document = Document.restored(first)
    assert [layer.name for layer in document.layers] == ["Layer 1", "whiskers"]
    assert document.tools == {"brush": 1}
    assert document.label == "cat"
    assert document.picture == first.flat()


def test_a_layer_that_has_not_changed_is_not_packed_again(monkeypatch) -> None:
    document = Document(64, 48)
    document.add_layer()
    encoder, packed = draft.Encoder(), []
    real = draft.png
    monkeypatch.setattr(draft, "png", lambda *args: packed.append(1) or real(*args))
    encoder.encode(document.snapshot())
    stroke(document)
    encoder.encode(document.snapshot())
    assert len(packed) == 3


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_file_is_refused_or_read(packed: bytes, data) -> None:
    damaged = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packed)))
    for attempt in (bytes(damaged), packed[:cut], data.draw(st.binary(max_size=60))):
        try:
            assert isinstance(draft.decode(attempt), Snapshot)
        except BadInputError as error:
            assert "drawing" in error.message


@pytest.mark.parametrize(
    "json",
    [
        b'{"width": 100000, "height": 9, "layers": [], "active": 0}',
        b'{"width": 64, "height": 48, "layers": [], "active": 0}',
        b'{"width": 64, "height": 48, "active": 3, "layers": [{"name": "a", "opacity": 1, "is_visible": true}]}',
    ],
)
def test_nonsense_is_refused(json: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("drawing.json", json)
    with pytest.raises(BadInputError):
        draft.decode(buffer.getvalue())


@pytest.fixture
def keeper(bridge: StudioBridge):
    keeper = DraftKeeper(bridge, draft.new_path(bridge.studio.root))
    yield keeper
    keeper.shut()


def test_a_change_is_written_and_a_save_takes_the_draft_away(bridge, keeper, qtbot) -> None:
    document, root = Document(64, 48), bridge.studio.root
    keeper.follow(document, is_kept=True)
    keeper.keep()
    assert not keeper.path.exists()
    stroke(document)
    with qtbot.waitCallback() as written:
        keeper.finish(written)
    assert [one.path for one in draft.drafts(root)] == [keeper.path]
    assert draft.load(draft.drafts(root)[0]).tools == {"brush": 1}
    keeper.forget(document.version - 1)  # An older state was saved: this one is not.
    assert keeper.path.exists()
    keeper.forget(document.version)
    qtbot.waitUntil(lambda: not keeper.path.exists())
    stroke(document, 40)
    keeper.shut()
    qtbot.waitUntil(keeper.path.exists)
    draft.discard(draft.drafts(root)[0])


def test_other_projects_drafts_are_not_offered(tmp_path: Path, packed: bytes) -> None:
    path = draft.new_path(tmp_path / "A.catstudio")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    assert draft.drafts(tmp_path / "B.catstudio") == []
    assert len(draft.drafts(tmp_path / "A.catstudio")) == 1
    gone = draft.drafts(tmp_path / "A.catstudio")[0]
    draft.discard(gone)
    with pytest.raises(BadInputError, match="not there any more"):
        draft.load(gone)


def test_only_the_newest_drafts_are_kept(tmp_path: Path, packed: bytes) -> None:
    root = tmp_path / "C.catstudio"
    for _ in range(draft.KEPT + 3):
        path = draft.new_path(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
        draft.prune(path)
    left = draft.drafts(root)
    assert len(left) == draft.KEPT
    for one in left:
        draft.discard(one)


def test_closing_right_after_a_stroke_loses_nothing(bridge, keeper, qtbot) -> None:
    document = Document(64, 48)
    keeper.follow(document, is_kept=True)
    stroke(document)
    keeper.keep()
    stroke(document, 30)
    keeper.shut()
    bridge.close()  # Drops what waits for its threads.
    qtbot.waitUntil(keeper.path.exists)
    qtbot.waitUntil(lambda: draft.decode(keeper.path.read_bytes()).tools == {"brush": 2})
    keeper.path.unlink()


def test_a_draft_that_cannot_be_written_is_said(bridge, tmp_path: Path, qtbot) -> None:
    (tmp_path / "in the way").write_bytes(b"")
    keeper = DraftKeeper(bridge, tmp_path / "in the way" / "x.drawing")
    document = Document(64, 48)
    keeper.follow(document)
    stroke(document)
    with qtbot.waitSignal(keeper.failed) as failed:
        keeper.keep()
    assert "unsaved drawing" in failed.args[0].message
    with qtbot.waitCallback() as then:
        keeper.finish(then)
    keeper.follow(document, is_kept=True)
    keeper.shut()
