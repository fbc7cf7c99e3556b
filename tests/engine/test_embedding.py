"""Backbones and embeddings with the real EfficientNet-Lite0, on free photos."""

from __future__ import annotations

import io
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from catstudio.core.errors import BadInputError, CancelledError, NotPossibleError
from catstudio.core.files import sha256
from catstudio.core.paths import cache_dir
from catstudio.engine import backbones, embedding, looking
from catstudio.engine.backbones import BACKBONES, load_backbone, onnx_path
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Embedded, Progress, Warned
from catstudio.jobs.requests import DataItem
from catstudio.learn import cache
from catstudio.learn.cache import EmbeddingCache

LITE = BACKBONES["efficientnet-lite0"]


@pytest.fixture(scope="module", autouse=True)
def cat() -> Iterator[Image.Image]:
    from skimage.data import chelsea

    yield Image.fromarray(chelsea())
    load_backbone.cache_clear()


@pytest.fixture(scope="module")
def loaded() -> backbones.LoadedBackbone:
    return load_backbone("efficientnet-lite0")


@pytest.fixture
def folder(tmp_path: Path, cat: Image.Image) -> list[Path]:
    """Eleven readable pictures in several formats and a broken one in the middle."""
    paths = []
    for i in range(11):
        side = 200 + 10 * i
        path = tmp_path / f"{i:02}.{('jpg', 'png', 'webp')[i % 3]}"
        cat.crop((i, i, i + side, i + side)).save(path)
        paths.append(path)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(paths[0].read_bytes()[:500])
    return [*paths[:5], broken, *paths[5:]]


def item(path: Path) -> DataItem:
    return DataItem(
        id=path.name,
        path=str(path),
        sha256=sha256(path.read_bytes()),
        label="cat",
        source="photo",
        is_real=True,
        lineages=(path.name,),
    )


def context(events: list[AnyEvent], cancelled: threading.Event | None = None) -> JobContext:
    return JobContext("job", events.append, cancelled or threading.Event())


def test_onnx_runtime_says_what_torch_says(loaded: backbones.LoadedBackbone) -> None:
    assert loaded.runtime == "onnxruntime"
    pixels = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    slow = backbones._load_torch(LITE, "cpu")
    fast_rows, slow_rows = loaded.forward(pixels), slow.forward(pixels)
    assert fast_rows.shape == (3, LITE.row_length)
    assert fast_rows == pytest.approx(slow_rows, abs=1e-3)
    assert slow.space.center == pytest.approx(loaded.space.center)
    assert slow.classifier == pytest.approx(loaded.classifier)


def test_the_backbone_knows_a_cat(loaded: backbones.LoadedBackbone, cat: Image.Image) -> None:
    row = loaded.forward(looking.views(looking.canonical(cat, LITE), LITE))[0]
    best = set(np.argsort(-row[LITE.n_features :])[:3])
    assert best & {281, 282, 283, 284, 285}  # tabby, tiger cat, Persian, Siamese, Egyptian


def test_the_export_lands_whole_and_is_mended_when_damaged() -> None:
    path = onnx_path(LITE)
    assert path.is_relative_to(cache_dir())
    assert not list(path.parent.parent.glob(".part-*"))
    path.write_bytes(path.read_bytes()[:1000])
    again = backbones._load_onnx(LITE)
    assert again.forward(np.zeros((1, 224, 224, 3), np.uint8)).shape == (1, LITE.row_length)


def test_torch_stands_in_for_onnx_runtime(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(entry: backbones.Backbone) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(backbones, "_load_onnx", fail)
    load_backbone.cache_clear()
    with caplog.at_level(logging.WARNING):
        found = load_backbone("efficientnet-lite0")
    load_backbone.cache_clear()
    assert found.runtime == "torch on cpu"
    assert "torch does it instead" in caplog.text


def test_unknown_and_missing_backbones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInputError, match="efficientnet-lite0"):
        load_backbone("resnet")
    from catstudio.engine.efficientnet import load_efficientnet_lite

    with pytest.raises(NotPossibleError, match="Lite9"):
        load_efficientnet_lite(9)


def test_file_format_does_not_show(loaded: backbones.LoadedBackbone, cat: Image.Image) -> None:
    """JPEG and PNG of one picture embed nearly alike, and nearer than two photos ever are."""
    rows = []
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"quality": 90})):
        buffer = io.BytesIO()
        cat.save(buffer, kind, **options)
        image = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
        rows.append(loaded.forward(looking.views(looking.canonical(image, LITE), LITE))[0])
    x = loaded.space(np.stack(rows))
    assert (x @ x.T).min() > 0.97


def test_orientation_and_size_do_not_show(
    loaded: backbones.LoadedBackbone, cat: Image.Image, tmp_path: Path
) -> None:
    upright, turned, large = (tmp_path / f"{name}.jpg" for name in ("upright", "turned", "large"))
    cat.save(upright, quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees, so stored turned back
    cat.transpose(Image.Transpose.ROTATE_90).save(turned, quality=95, exif=exif)
    cat.resize((cat.width * 5, cat.height * 5), Image.Resampling.LANCZOS).save(large, quality=90)
    pixels = [looking.look(p, LITE).views for p in (upright, turned, large)]
    assert {p.shape for p in pixels} == {(1, 224, 224, 3)}
    x = loaded.space(loaded.forward(np.concatenate(pixels)))
    assert (x @ x[0]).min() > 0.95


def test_draft_is_only_for_sound_jpegs(cat: Image.Image) -> None:
    buffer = io.BytesIO()
    cat.resize((2400, 1600)).save(buffer, "JPEG")
    draft = looking._draft(buffer.getvalue(), 448)
    assert draft is not None
    assert 448 <= min(draft.size) < 1600
    assert looking._draft(buffer.getvalue()[:900], 448) is None
    assert looking._draft(b"\xff\xd8\xff nonsense", 448) is None


def test_two_views_make_a_longer_row(cat: Image.Image) -> None:
    lite2 = BACKBONES["efficientnet-lite2"]
    pixels = looking.views(looking.canonical(cat, lite2), lite2)
    assert pixels.shape == (2, 260, 260, 3)
    assert (pixels[0] != pixels[1]).any()


def test_files_come_back_in_order(loaded: backbones.LoadedBackbone, folder: list[Path]) -> None:
    batches = list(embedding.embed_files(folder, loaded))
    assert [i for b in batches for i in b.index] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert [i for b in batches for i, _ in b.refused] == [5]
    one = next(embedding.embed_files(folder[7:8], loaded)).rows[0]
    assert batches[0].rows[6] == pytest.approx(one, abs=1e-3)


def test_items_are_cached_and_refusals_reported(
    loaded: backbones.LoadedBackbone, folder: list[Path], tmp_path: Path
) -> None:
    cache = tmp_path / "cache.sqlite"
    items = [item(path) for path in folder]
    items.append(item(folder[0]))
    events: list[AnyEvent] = []
    found = embedding.embed_items(items, str(cache), loaded, context(events))
    assert [i.id for i in found.items] == [p.name for p in folder if p.name != "broken.jpg"] + [
        "00.jpg"
    ]
    assert (found.rows[0] == found.rows[-1]).all()
    assert [i.id for i, _ in found.refused] == ["broken.jpg"]
    assert [e.path for e in events if isinstance(e, Warned)] == [str(folder[5])]
    for event in events:
        if isinstance(event, Embedded):
            rows = np.frombuffer(event.features, np.float32).reshape(-1, event.dim)
            EmbeddingCache(cache).put_many(event.keys, rows)
    again: list[AnyEvent] = []
    second = embedding.embed_items(items, str(cache), loaded, context(again))
    assert (second.rows == found.rows).all()
    assert not any(isinstance(e, Embedded) for e in again)


def test_cancel_keeps_what_was_embedded(
    loaded: backbones.LoadedBackbone, folder: list[Path]
) -> None:
    events: list[AnyEvent] = []
    cancelled = threading.Event()

    def emit(event: AnyEvent) -> None:
        events.append(event)
        if isinstance(event, Progress):
            cancelled.set()

    items = [structs.replace(item(folder[0]), sha256=f"{k:064x}") for k in range(20)]
    with pytest.raises(CancelledError):
        embedding.embed_items(items, "", loaded, JobContext("job", emit, cancelled))
    kept = [
        key
        for e in events
        if isinstance(e, Embedded) and e.backbone == loaded.backbone.id
        for key in e.keys
    ]
    assert len(kept) == embedding.BATCH


def test_threads_stay_within_the_cores() -> None:
    assert 1 <= backbones.cpu_threads() <= (os.cpu_count() or 1)


def test_rows_of_no_number_are_refused_and_made_again(
    loaded: backbones.LoadedBackbone, folder: list[Path], tmp_path: Path
) -> None:
    one = item(folder[0])
    key = cache.cache_key(one.sha256, loaded.backbone.id, looking.PREPROCESSING)
    store = EmbeddingCache(tmp_path / "cache.sqlite")
    store.put_many([key], np.full((1, loaded.backbone.row_length), np.nan, np.float32))
    found = embedding.embed_items([one], str(tmp_path / "cache.sqlite"), loaded, context([]))
    assert np.isfinite(found.rows).all()

    def blind(pixels: np.ndarray) -> np.ndarray:
        return np.full_like(loaded.forward(pixels), np.nan)

    broken = replace(loaded, forward=blind)
    found = embedding.embed_items([one], "", broken, context([]))
    assert not found.items
    assert folder[0].name in found.refused[0][1]


def test_a_file_without_a_hash_is_not_kept_under_its_path(
    loaded: backbones.LoadedBackbone, folder: list[Path]
) -> None:
    events: list[AnyEvent] = []
    embedding.embed_items(
        [structs.replace(item(folder[0]), sha256="")], "", loaded, context(events)
    )
    assert not any(isinstance(event, Embedded) for event in events)


def test_cancel_is_noticed_between_two_large_photos(
    loaded: backbones.LoadedBackbone, folder: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight photos that take long to decode are one batch: it is not waited for."""
    cancelled = threading.Event()
    asked: list[Path] = []

    def slow(path: Path, backbone: backbones.Backbone) -> Image.Image:
        asked.append(path)
        cancelled.set()
        time.sleep(0.05)
        return Image.new("RGB", (backbone.input_size, backbone.input_size))

    monkeypatch.setattr(looking, "load", slow)
    items = [structs.replace(item(folder[0]), sha256=f"{k:064x}") for k in range(64)]
    with pytest.raises(CancelledError):
        embedding.embed_items(items, "", loaded, context([], cancelled))
    assert len(asked) < 8
