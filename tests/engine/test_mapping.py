"""The worker's map: places at once, then by neighbourhood; stopped, gone on with, and by words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catstudio.core.errors import CancelledError, ModelFileError, NotPossibleError
from catstudio.core.files import sha256
from catstudio.engine import mapping, neighbourhoods
from catstudio.engine.backbones import LoadedBackbone, load_backbone
from catstudio.engine.text_image import load_text_image
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Placed, Progress, Warned
from catstudio.jobs.requests import DataItem, MapRequest, WordsRequest
from catstudio.learn.features import unit
from catstudio.learn.image_map import ImageMap

pytestmark = pytest.mark.needs_engine
LITE0 = "efficientnet-lite0"


@pytest.fixture(scope="module", autouse=True)
def forget_models() -> Iterator[None]:
    yield
    load_backbone.cache_clear()
    load_text_image.cache_clear()


def item(path: Path) -> DataItem:
    return DataItem(
        id=path.stem,
        path=str(path),
        sha256=sha256(path.read_bytes()),
        label="",
        source="photo",
        is_real=True,
        lineages=(path.stem,),
    )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twelve crops, six of a cat and six of a cup of coffee."""
    from skimage.data import chelsea, coffee

    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for name, photo in (("cat", chelsea()), ("cup", coffee())):
        image = Image.fromarray(photo)
        for i in range(6):
            path = folder / f"{name}{i}.jpg"
            image.crop((8 * i, 4 * i, 220 + 8 * i, 220 + 4 * i)).save(path)
            found.append(path)
    return found


def ask(paths: list[Path], **settings: object) -> MapRequest:
    return MapRequest(job_id="m", items=tuple(map(item, paths)), backbone=LITE0, **settings)


def run(
    request: MapRequest, cancelled: threading.Event | None = None, events: list | None = None
) -> tuple[dict, dict[str, bytes], list[AnyEvent]]:
    heard: list[AnyEvent] = [] if events is None else events
    context = JobContext("m", heard.append, cancelled or threading.Event())
    return *mapping.lay_out(request, context), heard


def read(data: bytes, tmp_path: Path) -> ImageMap:
    path = tmp_path / "read.npz"
    path.write_bytes(data)
    found = ImageMap.read(path)
    assert found is not None
    return found


def test_places_come_at_once_and_then_by_neighbourhood(pictures, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mapping, "_SHOW_EVERY", 0.0)
    facts, files, events = run(ask(pictures))
    placed = [e for e in events if isinstance(e, Placed)]
    assert [e.how for e in placed[:2]] == ["pca", "t-sne"] and len(placed) > 10
    assert placed[0].file and not any(e.file for e in placed[1:])
    assert all(np.frombuffer(e.index, "<i4").tolist() == list(range(12)) for e in placed)
    first = read(placed[0].file, tmp_path)
    assert first.how == "pca"
    np.testing.assert_array_equal(np.frombuffer(placed[0].xy, "<f4").reshape(-1, 2), first.xy)
    assert {k: facts[k] for k in ("n", "how", "backbone", "refused")} == {
        "n": 12, "how": "t-sne", "backbone": LITE0, "refused": []
    }  # fmt: skip
    whole = read(files[mapping.MAP_FILE], tmp_path)
    assert whole.how == "t-sne" and whole.hashes == tuple(i.sha256 for i in ask(pictures).items)
    assert np.isfinite(whole.xy).all()
    # Both in the sketch and in the map cats lie with cats, and both know who is like whom.
    for found in (first, whole):
        for row in range(12):
            order, _ = found.likeness.ranked(found.likeness.row(row))
            assert order[0] == row and {int(i) // 6 for i in order[:6]} == {row // 6}
    middles = [whole.xy[:6].mean(axis=0), whole.xy[6:].mean(axis=0)]
    for row, xy in enumerate(whole.xy):
        assert np.argmin([np.linalg.norm(xy - middle) for middle in middles]) == row // 6
    stages = {e.message.split(" (")[0] for e in events if isinstance(e, Progress)}
    assert {"Looking at the images", "Looking for neighbours", "Laying out the map"} <= stages


def test_the_same_images_give_the_same_map(pictures, tmp_path) -> None:
    maps = [read(run(ask(pictures))[1][mapping.MAP_FILE], tmp_path) for _ in range(2)]
    np.testing.assert_allclose(maps[0].xy, maps[1].xy, atol=1e-3)


def test_what_was_there_stays_about_where_it_was(pictures, tmp_path) -> None:
    kept = tmp_path / "kept.npz"
    kept.write_bytes(run(ask(pictures[:11]))[1][mapping.MAP_FILE])
    before = ImageMap.read(kept)
    assert before is not None
    facts, files, events = run(ask(pictures, map_file=str(kept), is_quick=True))
    (placed,) = [e for e in events if isinstance(e, Placed)]
    assert (placed.how, facts["how"]) == ("t-sne", "t-sne")
    now = read(files[mapping.MAP_FILE], tmp_path)
    np.testing.assert_allclose(now.xy[:11], before.xy)
    cups = now.xy[6:11]
    assert np.linalg.norm(now.xy[11] - cups.mean(axis=0)) <= np.ptp(cups, axis=0).max()
    # Laid out anew from there, cats are still at the cats' side.
    onward = read(run(ask(pictures, map_file=str(kept)))[1][mapping.MAP_FILE], tmp_path)
    apart = [m.xy[6:].mean(axis=0) - m.xy[:6].mean(axis=0) for m in (before, onward)]
    assert apart[0] @ apart[1] > 0


def test_a_map_of_mostly_other_images_begins_anew(pictures, tmp_path) -> None:
    kept = tmp_path / "kept.npz"
    kept.write_bytes(run(ask(pictures[:10]))[1][mapping.MAP_FILE])
    assert run(ask(pictures[4:], map_file=str(kept), is_quick=True))[0]["how"] == "t-sne"
    assert run(ask([pictures[0], *pictures[10:]], map_file=str(kept), is_quick=True))[0] | {
        "seconds": 0
    } == {"n": 3, "how": "pca", "backbone": LITE0, "refused": [], "seconds": 0}
    kept.write_bytes(b"damaged")
    assert run(ask(pictures, map_file=str(kept), is_quick=True))[0]["how"] == "pca"


def test_few_images_are_placed_without_neighbourhoods(pictures) -> None:
    for n in (1, 2, neighbourhoods.FEWEST - 1):
        facts, _, events = run(ask(pictures[:n]))
        assert facts["how"] == "pca" and facts["n"] == n
        (placed,) = [e for e in events if isinstance(e, Placed)]
        xy = np.frombuffer(placed.xy, "<f4").reshape(-1, 2)
        assert xy.shape == (n, 2) and np.isfinite(xy).all()


def test_equal_and_unreadable_images(pictures, tmp_path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    same = [pictures[0]] * 6
    facts, files, events = run(ask([*same, broken, *pictures[6:]]))
    assert facts["n"] == 12 and [r["id"] for r in facts["refused"]] == ["broken"]
    assert any(isinstance(e, Warned) for e in events)
    assert np.isfinite(read(files[mapping.MAP_FILE], tmp_path).xy).all()
    with pytest.raises(NotPossibleError, match="None of the images"):
        run(ask([broken]))


def test_a_person_can_stop_it_and_keeps_the_sketch(pictures) -> None:
    cancelled = threading.Event()

    class Stopping(list):
        def append(self, event: AnyEvent) -> None:
            super().append(event)
            if isinstance(event, Placed):
                cancelled.set()

    events: list[AnyEvent] = Stopping()
    with pytest.raises(CancelledError):
        run(ask(pictures), cancelled, events)
    assert [e.how for e in events if isinstance(e, Placed)] == ["pca"]
    with pytest.raises(CancelledError):
        run(ask(pictures), cancelled)


def test_many_images_are_embedded_in_parts(pictures, monkeypatch) -> None:
    monkeypatch.setattr(mapping, "_CHUNK", 5)
    facts, _, events = run(ask(pictures, is_quick=True))
    assert facts["n"] == 12
    looked = [e for e in events if isinstance(e, Progress) and "Looking at" in e.message]
    done = [e.done for e in looked]
    assert done == sorted(done) and done[-1] == 12 and {e.total for e in looked} == {12}


def test_the_grid_of_many_points_finds_their_groups(monkeypatch) -> None:
    monkeypatch.setattr(neighbourhoods, "_BARNES_HUT", 100)
    rng = np.random.default_rng(0)
    group = np.arange(400) % 4
    x = (rng.normal(size=(4, 20))[group] * 4 + rng.normal(size=(400, 20))).astype(np.float32)
    xy = neighbourhoods.arrange(x, x[:, :2])
    middles = np.stack([xy[group == g].mean(axis=0) for g in range(4)])
    nearest = np.linalg.norm(xy[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.98


# -- models with words


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.tiny_word_models import clip

    return clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="module")
def siglip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.tiny_word_models import siglip

    return siglip(tmp_path_factory.mktemp("models") / "tiny-siglip")


@pytest.fixture(params=["clip_folder", "siglip_folder"])
def words_folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_words_lie_among_the_pictures(words_folder, pictures, tmp_path) -> None:
    asked = ask(pictures, is_quick=True)
    asked = MapRequest(job_id="m", items=asked.items, backbone=str(words_folder), is_quick=True)
    files = run(asked)[1]
    found = read(files[mapping.MAP_FILE], tmp_path)
    assert found.made_with.startswith(words_folder.name)
    vectors = [
        mapping.place_words(WordsRequest(job_id="w", text=text, backbone=str(words_folder)))[
            "vector"
        ]
        for text in ("cat", "CAT", "a cup of coffee on a table")
    ]
    assert {len(v) for v in vectors} == {found.likeness.steps.shape[1]}
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1])
    order, products = found.likeness.ranked(np.array(vectors[0]))
    assert sorted(order.tolist()) == list(range(12)) and (np.abs(products) <= 1.01).all()


def test_pictures_are_seen_as_the_model_was_taught(clip_folder, pictures) -> None:
    import torch
    from transformers import CLIPModel

    loaded: LoadedBackbone = load_text_image(str(clip_folder)).looking
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    model = CLIPModel.from_pretrained(clip_folder).eval()
    mean, std = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.25])
    x = (torch.from_numpy(pixels).float() / 255 - mean) / std
    with torch.inference_mode():
        expected = model(
            pixel_values=x.permute(0, 3, 1, 2), input_ids=torch.zeros((1, 3), dtype=torch.long)
        ).image_embeds.numpy()
    np.testing.assert_allclose(unit(loaded.forward(pixels)), expected, atol=1e-5)


def test_another_model_of_the_same_name_is_told_apart(clip_folder, tmp_path) -> None:
    from tests.engine.tiny_word_models import clip

    other = clip(tmp_path / clip_folder.name, seed=1)
    ids = [load_text_image(str(f)).looking.backbone.id for f in (clip_folder, other)]
    assert ids[0] != ids[1] and all(i.startswith("tiny-clip-") for i in ids)


def test_what_is_no_model_with_words_is_refused(tmp_path) -> None:
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        mapping.load(str(tmp_path), "cpu")
