"""Training, evaluating and predicting with the real Lite0 on free photos."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    ModelFileError,
    NotPossibleError,
)
from catstudio.core.files import sha256
from catstudio.engine import reporting, training
from catstudio.engine.backbones import load_backbone
from catstudio.engine.looking import PREPROCESSING
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Embedded, Progress, Warned
from catstudio.jobs.requests import DataItem, EvaluateRequest, PredictRequest, TrainRequest
from catstudio.learn.cache import EmbeddingCache, cache_key
from catstudio.learn.head import Head

LITE = "efficientnet-lite0"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Path]]]:
    """Twelve views of Chelsea and twelve pictures that are no cat, as files."""
    from skimage import data

    folder = tmp_path_factory.mktemp("photos")
    chelsea = Image.fromarray(data.chelsea())
    generator = np.random.default_rng(0)
    made: dict[str, list[Path]] = {"cat": [], "not-cat": []}
    others = [data.astronaut(), data.coffee(), data.rocket(), data.brick(), data.coins()]
    for i in range(12):
        left, top = generator.integers(0, 120, 2)
        path = folder / f"cat{i:02}.jpg"
        chelsea.crop((left, top % 60, left + 290, top % 60 + 230)).save(path)
        made["cat"].append(path)
        other = Image.fromarray(others[i % 5]).convert("RGB").rotate(3 * i)
        path = folder / f"other{i:02}.png"
        other.crop((10 + i, 10, 250 + i, 260)).save(path)
        made["not-cat"].append(path)
    yield made
    load_backbone.cache_clear()


def item(path: Path, label: str, split: str | None = "train", **changes: object) -> DataItem:
    made = DataItem(
        id=path.stem,
        path=str(path),
        sha256=sha256(path.read_bytes()),
        label=label,
        source="photo",
        is_real=True,
        lineages=(path.stem,),
        split=split,
    )
    return replace(made, **changes)


class Job:
    """A context that keeps embeddings, as the project's process does."""

    def __init__(self, cache: Path) -> None:
        self.events: list[AnyEvent] = []
        self.cancelled = threading.Event()
        self.cache = str(cache)
        self.context = JobContext("job", self._emit, self.cancelled)

    def _emit(self, event: AnyEvent) -> None:
        self.events.append(event)
        if isinstance(event, Embedded):
            rows = np.frombuffer(event.features, np.float32).reshape(-1, event.dim)
            EmbeddingCache(self.cache).put_many(event.keys, rows)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "embeddings.sqlite"


@pytest.fixture
def job(cache: Path) -> Job:
    return Job(cache)


def request(
    items: list[DataItem],
    labels: tuple[str, ...] = ("cat", "not-cat"),
    cache: str = "",
    **kw: object,
) -> TrainRequest:
    return TrainRequest(
        job_id="job", items=tuple(items), labels=labels, embedding_cache=cache, backbone=LITE, **kw
    )


def dataset(photos: dict[str, list[Path]], train: int) -> list[DataItem]:
    return [
        item(path, label, "train" if i < train else "test")
        for label, paths in photos.items()
        for i, path in enumerate(paths)
    ]


def run_folder(tmp_path: Path, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return str(tmp_path)


def test_train_evaluates_on_held_out_photos(photos: dict[str, list[Path]], job: Job) -> None:
    report, files = training.train(request(dataset(photos, 4), cache=job.cache), job.context)
    assert report["n_train"] == {"photo": 8}
    assert report["n_test"] == {"cat": 8, "not-cat": 8}
    assert report["why_not"] is None
    metrics = report["metrics"]
    assert metrics["n"] == 16
    assert metrics["accuracy"]["value"] >= 0.9
    assert metrics["labels"] == ["cat", "not-cat"]
    assert report["answer"].startswith("Right on ")
    assert "n = 16). Always answering 'cat' scores 50%." in report["answer"]
    assert report["missing"] == {"cat": 12, "not-cat": 12}
    assert set(report["seconds"]) == {"embed", "fit", "evaluate"}
    assert len(report["predictions"]) == 16
    assert report["synthetic_accuracy"] is None
    assert set(files) == {"head.safetensors", "report.json", "data.json"}
    used = json.loads(files["data.json"])
    assert [one["split"] for one in used].count("test") == 16 and len(used) == 24
    assert {one["label"] for one in used} == {"cat", "not-cat"}
    assert json.loads(files["report.json"]) == json.loads(json.dumps(report, allow_nan=False))
    assert Head.load(files["head.safetensors"]).labels == ("cat", "not-cat")
    assert any(isinstance(e, Progress) for e in job.events)


def test_without_test_photos_it_says_what_to_add(photos: dict[str, list[Path]], job: Job) -> None:
    items = [i for i in dataset(photos, 4) if i.split == "train"]
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert report["metrics"] is None
    assert report["why_not"].startswith(
        "Trained, not evaluated: add 40 real photos that you do not train on"
    )
    assert report["cross_validated"]["n"] == 8
    assert report["cross_validated"]["method"].startswith("leaving lineages out")
    assert "cross-validation" in report["answer"]


def test_copies_are_many_images_and_one_effective_one(
    photos: dict[str, list[Path]], job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = dataset(photos, 1)
    copied = [replace(one, weight=30_000) if one.label == "cat" else one for one in items]
    report, _ = training.train(request(copied, cache=job.cache), job.context)
    assert report["effective_n"]["cat"] == report["effective_n"]["not-cat"] == 1.0
    assert report["effective_n"]["all"] < 1.01
    alike, _ = training.train(request(items, cache=job.cache), job.context)
    assert 1.5 < alike["effective_n"]["all"] <= 2.0
    monkeypatch.setattr(reporting, "MAX_COUNTED", 1)
    many, _ = training.train(request(items, cache=job.cache), job.context)
    assert many["effective_n"] is None


def test_one_photo_a_label_trains(photos: dict[str, list[Path]], job: Job) -> None:
    report, _ = training.train(request(dataset(photos, 1), cache=job.cache), job.context)
    assert report["metrics"]["n"] == 22
    assert any("rests on one real photo" in note for note in report["notes"])


def test_test_photos_of_one_label_are_no_evaluation(
    photos: dict[str, list[Path]], job: Job
) -> None:
    items = [i for i in dataset(photos, 4) if i.split == "train" or i.label == "cat"]
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert report["metrics"] is None
    assert "20 of not-cat" in report["why_not"]
    assert "All its test photos are 'cat'" in report["why_not"]


def test_one_label_alone_meets_the_world(photos: dict[str, list[Path]], job: Job) -> None:
    items = [i for i in dataset(photos, 1) if i.label == "cat" or i.split == "test"]
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert report["labels"] == ["cat", "not-cat"]
    assert "Only 'cat' has images" in report["notes"][0]
    assert report["metrics"]["balanced_accuracy"]["value"] > 0.8
    assert report["open_set"]["abstain_below"] == -1.0


def test_a_synthetic_test_image_is_refused(photos: dict[str, list[Path]], job: Job) -> None:
    items = dataset(photos, 4)
    items[-1] = replace(items[-1], is_real=False, source="seed")
    with pytest.raises(BadInputError, match="synthetic"):
        training.train(request(items, cache=job.cache), job.context)


def test_what_derives_from_a_test_photo_is_left_out(
    photos: dict[str, list[Path]], job: Job
) -> None:
    items = dataset(photos, 6)
    held = next(i for i in items if i.split == "test")
    fake = replace(
        items[0], id="fake", lineages=held.lineages, is_real=False, source="augment", split=None
    )
    fair = replace(items[0], id="fair", is_real=False, source="augment", split=None)
    report, _ = training.train(request([*items, fake, fair], cache=job.cache), job.context)
    assert report["n_train"] == {"photo": 12, "augment": 1}
    assert [e["id"] for e in report["excluded"]] == ["fake"]
    assert "test photo" in report["excluded"][0]["reason"]
    assert report["synthetic_accuracy"]["n"] == 1
    assert "real photos" in report["synthetic_accuracy"]["meaning"]


def test_unreadable_images_are_skipped_with_a_warning(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not an image")
    items = [*dataset(photos, 6), item(broken, "cat")]
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert report["n_train"] == {"photo": 12}
    assert report["excluded"][0]["id"] == "broken"
    assert [e.path for e in job.events if isinstance(e, Warned)] == [str(broken)]


def test_three_labels_and_one_that_was_never_seen(photos: dict[str, list[Path]], job: Job) -> None:
    items = dataset(photos, 4)
    bricks = {"other03", "other08"}
    items = [replace(i, label="brick") if i.id in bricks else i for i in items]
    items.append(replace(items[-1], id="x", lineages=("x",), label="dog", split="test"))
    labels = ("cat", "not-cat", "brick", "dog")
    report, _ = training.train(request(items, labels, cache=job.cache), job.context)
    assert report["labels"] == ["cat", "not-cat", "brick"]
    assert any("Not trained" in note and "dog" in note for note in report["notes"])
    assert report["excluded"] == [{"id": "x", "reason": "The model was not trained to say 'dog'."}]
    assert np.array(report["metrics"]["confusion"]).shape == (3, 3)


def test_nothing_to_train_on(photos: dict[str, list[Path]], job: Job) -> None:
    items = [i for i in dataset(photos, 4) if i.split == "test"]
    with pytest.raises(NotPossibleError, match="no image to train on"):
        training.train(request(items, cache=job.cache), job.context)


def test_cancel_ends_it(photos: dict[str, list[Path]], job: Job) -> None:
    job.cancelled.set()
    with pytest.raises(CancelledError):
        training.train(request(dataset(photos, 4)), job.context)


def test_evaluate_refuses_what_it_was_trained_on(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    items = dataset(photos, 4)
    _, files = training.train(request(items, cache=job.cache), job.context)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    outside = [item(p, label, "test") for label, paths in photos.items() for p in paths]
    outside.append(item(broken, "cat", "test", sha256=""))
    asked = EvaluateRequest(
        job_id="job",
        items=tuple(outside),
        run_folder=run_folder(tmp_path, files),
        embedding_cache=job.cache,
        training_sha256=tuple(i.sha256 for i in items if i.split == "train"),
    )
    result = training.evaluate(asked, job.context)
    assert result["metrics"]["n"] == 16
    assert len(result["refused"]) == 9
    reasons = [r["reason"] for r in result["refused"]]
    assert sum("trained on" in reason for reason in reasons) == 8
    assert any("empty" in reason for reason in reasons)
    assert isinstance(result["mistakes"], list)
    everything = tuple(i.sha256 for i in outside)
    with pytest.raises(NotPossibleError):
        training.evaluate(replace(asked, training_sha256=everything), job.context)


def test_predict_answers_and_abstains(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    _, files = training.train(request(dataset(photos, 10), cache=job.cache), job.context)
    missing = tmp_path / "gone.jpg"
    paths = (str(photos["cat"][11]), str(missing), str(photos["not-cat"][11]))
    asked = PredictRequest(
        job_id="job",
        paths=paths,
        run_folder=run_folder(tmp_path, files),
        embedding_cache=job.cache,
    )
    result = training.predict(asked, job.context)
    assert [p["label"] for p in result["predictions"]] == ["cat", "not-cat"]
    assert set(result["predictions"][0]) == {
        "path",
        "label",
        "probability",
        "abstains",
        "open_set_score",
    }
    assert not result["predictions"][0]["abstains"]
    for threshold, answered in ((0.0, ["cat", "cat"]), (0.5, ["cat", "not-cat"])):
        told = training.predict(replace(asked, threshold=("cat", threshold)), job.context)
        assert [p["label"] for p in told["predictions"]] == answered
    with pytest.raises(BadInputError, match="knows no label 'dog'"):
        training.predict(replace(asked, threshold=("dog", 0.5)), job.context)
    assert [r["path"] for r in result["refused"]] == [str(missing)]
    (tmp_path / "head.safetensors").write_bytes(files["head.safetensors"][:200])
    with pytest.raises(ModelFileError, match=r"head\.safetensors"):
        training.predict(asked, job.context)


def test_a_thousand_cached_images_are_not_looked_at_again(
    photos: dict[str, list[Path]], tmp_path: Path
) -> None:
    cache = EmbeddingCache(tmp_path / "many.sqlite")
    loaded = load_backbone(LITE)
    generator = np.random.default_rng(0)
    rows = generator.random((1000, loaded.backbone.row_length)).astype(np.float32)
    rows[::2, :40] += 1.0
    base = item(photos["cat"][0], "cat")
    items = [
        replace(
            base,
            id=f"i{i}",
            sha256=f"{i:064x}",
            label=("cat", "not-cat")[i % 2],
            lineages=(f"i{i}",),
            split="test" if i >= 900 else "train",
        )
        for i in range(1000)
    ]
    cache.put_many([cache_key(i.sha256, LITE, PREPROCESSING) for i in items], rows)
    job = Job(tmp_path / "many.sqlite")
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert report["metrics"]["n"] == 100
    assert not any(isinstance(e, Embedded) for e in job.events)


def test_no_photo_serves_twice(photos: dict[str, list[Path]], job: Job) -> None:
    """Near-copies of test photos do not calibrate, and equal bytes are one photo."""
    items = dataset(photos, 6)
    held = next(i for i in items if i.split == "test")
    twin = replace(items[0], id="twin", lineages=held.lineages, split="val")
    same = replace(held, id="same", lineages=("another",), split="train")
    derived = replace(items[1], id="derived", lineages=("bare",), is_real=False, split=None)
    bare = replace(held, id="bare", lineages=(), sha256="0" * 64)
    everything = [*items, twin, same, derived, bare]
    report, _ = training.train(request(everything, cache=job.cache), job.context)
    assert {e["id"] for e in report["excluded"]} == {"twin", "same", "derived"}
    assert report["n_train"] == {"photo": 12}


def test_a_synthetic_validation_image_is_refused(photos: dict[str, list[Path]], job: Job) -> None:
    items = dataset(photos, 6)
    items[0] = replace(items[0], is_real=False, split="val", source="seed")
    with pytest.raises(BadInputError, match="validation split"):
        training.train(request(items), job.context)


def test_an_unreadable_test_photo_is_listed(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not an image")
    items = [*dataset(photos, 6), item(broken, "cat", "test")]
    report, _ = training.train(request(items, cache=job.cache), job.context)
    assert [e["id"] for e in report["excluded"]] == ["broken"]


def test_evaluate_counts_equal_pictures_once(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    _, files = training.train(request(dataset(photos, 6), cache=job.cache), job.context)
    copy = tmp_path / "copy.png"
    copy.write_bytes(photos["cat"][7].read_bytes())
    items = [
        item(photos["cat"][7], "cat"),
        item(copy, "cat"),
        item(photos["not-cat"][7], "not-cat"),
    ]
    asked = EvaluateRequest(
        job_id="job", items=tuple(items), run_folder=run_folder(tmp_path, files)
    )
    report = training.evaluate(asked, job.context)
    assert report["metrics"]["n"] == 2
    assert [r["path"] for r in report["refused"]] == [str(copy)]
    assert photos["cat"][7].name in report["refused"][0]["reason"]


def test_a_head_of_another_backbone_is_named(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    _, files = training.train(request(dataset(photos, 6), cache=job.cache), job.context)
    head = Head.load(files["head.safetensors"])
    asked = PredictRequest(job_id="job", paths=(), run_folder=str(tmp_path))
    for changes, words in (
        ({"backbone": "resnet-9000"}, "resnet-9000"),
        ({"backbone": "efficientnet-lite2"}, "another version"),
    ):
        other = dataclasses.replace(head, info={**head.info, **changes})
        (tmp_path / "head.safetensors").write_bytes(other.save())
        with pytest.raises(ModelFileError, match=words):
            training.predict(asked, job.context)


def test_nothing_to_predict_is_an_empty_answer(
    photos: dict[str, list[Path]], job: Job, tmp_path: Path
) -> None:
    _, files = training.train(request(dataset(photos, 6), cache=job.cache), job.context)
    asked = PredictRequest(job_id="job", paths=(), run_folder=run_folder(tmp_path, files))
    assert training.predict(asked, job.context) == {"predictions": [], "refused": []}
    job.cancelled.set()
    with pytest.raises(CancelledError):
        training.predict(replace(asked, paths=(str(photos["cat"][0]),)), job.context)


def test_an_unknown_device_is_named(photos: dict[str, list[Path]], job: Job) -> None:
    with pytest.raises(BadInputError, match="banana"):
        training.train(request(dataset(photos, 6), device="banana"), job.context)


def test_same_request_same_head(photos: dict[str, list[Path]], job: Job) -> None:
    asked = request(dataset(photos, 6), cache=job.cache)
    training.train(asked, job.context)
    first = training.train(asked, job.context)[1]["head.safetensors"]
    assert first == training.train(asked, job.context)[1]["head.safetensors"]
