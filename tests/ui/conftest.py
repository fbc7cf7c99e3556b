"""What tests of the window share: a small real project, and the theme."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from catstudio.core.store import NewImage, Store
from catstudio.core.types import Parent, Provenance
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.theme import apply_theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what only the platform without a screen says: it cannot raise or grab."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # Neither window manager nor graphics card: sizes are not kept, video frames converted
            # on the processor.
            quiet = ("This plugin does not support", "No RHI backend")
            item.add_marker(pytest.mark.qt_log_ignore(*quiet, extend=True))


@pytest.fixture(autouse=True)
def garbage_on_this_thread() -> Iterator[None]:
    """As in the application: no reading thread may finalise a widget."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def themed(qapp: QApplication) -> QApplication:
    apply_theme(qapp, "light")
    return qapp


@pytest.fixture
def studio(tmp_path: Path, example_photos: Path) -> Iterator[Studio]:
    """A project with one cat, three photos of other things, and two made from the cat."""
    with Studio.create(tmp_path / "Cats.catstudio") as studio:
        others = [example_photos / "not-cat" / f"{n}.jpg" for n in ("coffee", "coins", "rocket")]
        cat = example_photos / "cat" / "chelsea.jpg"
        studio.run(studio.import_request([cat], label="cat"))
        studio.run(studio.import_request(others, label="not-cat"))
        parent = studio.images()[0]
        for seed in (1, 2):
            make_child(studio, parent.id, seed)
        yield studio


@pytest.fixture
def bridge(themed: QApplication, studio: Studio) -> Iterator[StudioBridge]:
    bridge = StudioBridge(studio)
    yield bridge
    bridge.close()


@pytest.fixture
def empty_bridge(themed: QApplication, tmp_path: Path) -> Iterator[StudioBridge]:
    """A bridge to a project without an image."""
    with Studio.create(tmp_path / "Empty.catstudio") as studio:
        bridge = StudioBridge(studio)
        yield bridge
        bridge.close()


@pytest.fixture
def gallery(bridge: StudioBridge, qtbot) -> Iterator[GalleryPanel]:
    """The gallery of ``studio``, loaded, shown and with the keyboard's focus."""
    panel = GalleryPanel(bridge)
    qtbot.addWidget(panel)
    panel.resize(800, 640)
    panel.load()
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(lambda: panel.model.is_loaded)
    panel.focus_view()
    qtbot.waitUntil(panel.view.hasFocus)
    yield panel
    panel.close_files()


@pytest.fixture
def add_child() -> Callable[[Studio, str, int], str]:
    """See :func:`make_child`."""
    return make_child


def noise_png(seed: int, side: int = 48) -> bytes:
    """A small picture unlike any other seed's."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blocks).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def make_child(studio: Studio, parent: str, seed: int) -> str:
    """Add a picture as if seed diffusion had made it from ``parent``; returns its id."""
    store: Store = studio._store
    added = store.add_image(
        NewImage(
            data=noise_png(seed),
            name=f"chelsea-{seed}.png",
            format="PNG",
            width=48,
            height=48,
            dhash=int.from_bytes(np.random.default_rng(seed).bytes(16), "big"),
            is_real=False,
            provenance=Provenance(
                source="seed",
                parents=(Parent(parent),),
                params={"strength": 0.7, "seed": seed, "score": seed / 10},
            ),
            label="cat",
        )
    )
    return added.record.id
