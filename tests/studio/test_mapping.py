"""The map of a project from end to end: made by the worker, kept, gone on with, searched."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from catstudio.core.changes import SetState
from catstudio.core.errors import BadInputError, NotPlacedError, NotPossibleError
from catstudio.core.types import State
from catstudio.jobs.events import AnyEvent, Placed
from catstudio.jobs.requests import MapRequest
from catstudio.learn.image_map import ImageMap, Likeness
from catstudio.studio import Studio, mapping

LITE0 = "efficientnet-lite0"


@pytest.fixture
def studio(tmp_path: Path, example_photos: Path):
    with Studio.create(tmp_path / "Cats.catstudio") as studio:
        studio.run(studio.import_request([example_photos / "cat"], label="cat"))
        studio.run(studio.import_request([example_photos / "not-cat"], label="not-cat"))
        yield studio


def write_map(studio: Studio, angles: list[float]) -> list[str]:
    """A map on which image i looks into the direction ``angles[i]``; returns the images' ids."""
    images = studio.images()[: len(angles)]
    x = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    made = ImageMap(tuple(i.sha256 for i in images), x, "t-sne", "m", Likeness.of(x))
    request = studio.map_request()
    event = Placed(job_id="m", how="t-sne", index=b"", xy=b"", file=made.to_bytes())
    assert mapping.keep(studio._folder, request, event) == msgspec.structs.replace(event, file=b"")
    return [image.id for image in images]


@pytest.mark.needs_engine
def test_a_map_is_made_kept_and_searched(studio: Studio) -> None:
    events: list[AnyEvent] = []
    assert studio.image_map(LITE0) is None
    result = studio.run(studio.map_request(LITE0), events.append).result
    images = studio.images()
    assert result["n"] == len(images) and result["how"] == "t-sne"
    placed = [event for event in events if isinstance(event, Placed)]
    assert placed and not any(event.file for event in placed)
    kept = studio.image_map(LITE0)
    assert kept is not None and set(kept.hashes) == {image.sha256 for image in images}
    found = studio.similar(images[0].id, LITE0)
    assert found[0] == images[0].id and set(found) == {image.id for image in images}
    # From the cache the same again is quick, and everything stays where it was.
    assert studio.run(studio.map_request(LITE0, is_quick=True)).result["how"] == "t-sne"
    again = studio.image_map(LITE0)
    assert again is not None
    np.testing.assert_allclose(again.xy, kept.xy)


def test_the_most_alike_come_first_and_the_trash_not_at_all(studio: Studio) -> None:
    a, b, c, d = write_map(studio, [0.0, 0.9, 0.3, 0.6])
    assert studio.similar(a) == [a, c, d, b]
    assert mapping.similar(studio._store, a, "efficientnet-lite2", 2) == [a, c, d]
    studio.apply(SetState((c,), State.TRASHED))
    assert studio.similar(a) == [a, d, b]
    assert studio.like_words([0.0, 1.0], "efficientnet-lite2") == [b, d, a]


def test_what_has_no_place_yet_says_so(studio: Studio) -> None:
    last = studio.images()[-1]
    with pytest.raises(NotPlacedError, match="not on the map"):
        studio.similar(last.id)
    write_map(studio, [0.0, 1.0])
    with pytest.raises(NotPlacedError, match=last.name):
        studio.similar(last.id)
    with pytest.raises(NotPlacedError, match="no map"):
        studio.like_words([1.0, 0.0, 0.0], "efficientnet-lite2")


def test_requests_name_what_is_there(studio: Studio, tmp_path: Path) -> None:
    gone = studio.images()[0]
    studio.apply(SetState((gone.id,), State.TRASHED))
    request = studio.map_request()
    assert isinstance(request, MapRequest)
    assert {item.id for item in request.items} == {i.id for i in studio.images()} - {gone.id}
    assert Path(request.map_file).parent == studio.root / "cache" / "maps"
    assert studio.map_request(is_anew=True).map_file == ""
    assert studio.words_request(" a cat ", "/models/clip").text == "a cat"
    with pytest.raises(BadInputError):
        studio.words_request("  ", "/models/clip")
    with Studio.create(tmp_path / "Empty.catstudio") as empty, pytest.raises(NotPossibleError):
        empty.map_request()


def test_models_of_one_name_keep_maps_apart(studio: Studio) -> None:
    paths = {
        mapping.map_path(studio._folder, backbone)
        for backbone in ("clip", "/a/clip", "/b/clip", "/b/a strange: name")
    }
    assert len(paths) == 4
    assert all(path.parent.name == "maps" and ":" not in path.name for path in paths)


def test_only_models_with_words_are_offered_besides_the_own(monkeypatch, tmp_path: Path) -> None:
    from catstudio.models.entry import ModelEntry

    def entry(name: str, model_type: str | None, kind: str = "backbone") -> ModelEntry:
        folder = tmp_path / name
        folder.mkdir()
        if model_type is not None:
            (folder / "config.json").write_text(f'{{"model_type": "{model_type}"}}')
        return ModelEntry(
            id=name, title=name, kind=kind, path=str(folder), family="other", size=1, added=""
        )

    entries = (
        entry("words", "siglip2"),
        entry("pictures", "dinov2"),
        entry("broken", None),
        entry("painter", "clip", kind="text-to-image"),
    )
    monkeypatch.setattr("catstudio.models.ModelRegistry.list", lambda self: entries)
    monkeypatch.setattr("catstudio.studio.mapping.ModelRegistry.list", lambda self: entries)
    looks = mapping.looks()
    assert [(look.title, look.knows_words) for look in looks] == [
        ("EfficientNet-Lite2", False), ("words", True)
    ]  # fmt: skip
