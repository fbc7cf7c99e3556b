"""Poor images: each kind found where planted, kin never taken for copies, few never called fine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catstudio.audit import AuditData, Verdict
from catstudio.audit import image_quality as quality
from catstudio.audit.image_quality import CHECK, run
from catstudio.learn.pixel_statistics import NAMES
from tests.audit.conftest import Batch, audit_data

CLEAN = (Batch("cat", 60), Batch("dog", 60))


def plain(*more: Batch, seed: int = 0, **kwargs: Any) -> AuditData:
    """Data whose pixel statistics are what those of a good photo are."""
    data = audit_data(*CLEAN, *more, seed=seed, **kwargs)
    return with_pixels(data, range(len(data.items)), GOOD)


GOOD = {"sharpness": 2.6, "entropy": 7.4, "luminance": 0.45, "dark": 0.0, "bright": 0.0}


def with_pixels(data: AuditData, rows: Any, values: dict[str, float]) -> AuditData:
    pixels = data.pixels.copy()
    for name, value in values.items():
        pixels[list(rows), NAMES.index(name)] = value
    return replace(data, pixels=pixels)


def with_items(data: AuditData, changed: dict[int, dict[str, Any]]) -> AuditData:
    items = [replace(item, **changed.get(i, {})) for i, item in enumerate(data.items)]  # type: ignore[type-var]
    return replace(data, items=items)


def test_good_photos_are_fine() -> None:
    found = run(plain(Batch("cat", 20, "diffusers")))
    assert found.id == CHECK.id and found.verdict is Verdict.OK
    assert (
        found.value == 0.0
        and found.low == pytest.approx(0.0)
        and found.n == 140
        and not found.images
    )
    # The rule of three, a little wider by Wilson's: z² / (n + z²).
    assert found.high == pytest.approx(3.8415 / (140 + 3.8415), abs=1e-4)
    assert found.text.startswith("None of 140 images is blurred")


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        ({"sharpness": 0.6}, "blurred", "blurred"),
        ({"luminance": 0.03}, "dark", "almost black"),
        ({"dark": 0.9}, "dark", "almost black"),
        ({"luminance": 0.97}, "bright", "almost white"),
        ({"bright": 0.9}, "bright", "almost white"),
        ({"entropy": 0.0, "sharpness": -3.0}, "flat", "nearly empty: one tone"),
        ({"entropy": 0.0, "sharpness": -3.0, "luminance": 0.0}, "dark", "almost black"),
    ],
)
def test_each_flaw_of_the_picture_is_named_once(
    values: dict[str, float], kind: str, note: str
) -> None:
    found = run(with_pixels(plain(), [5, 70], values))
    assert found.verdict is Verdict.LOOK and found.details["counts"] == {kind: 2}
    assert [one.note for one in found.images] == [note, note]
    assert [one.id for one in found.images] == ["00-00005", "01-00010"]
    assert found.text.startswith("2 of 120 images are poor (2%")


def test_what_most_images_are_like_is_no_flaw() -> None:
    stars = with_pixels(plain(), range(100), {"luminance": 0.02, "dark": 0.95})
    assert run(stars).verdict is Verdict.OK
    assert run(with_pixels(stars, [3], {"sharpness": 0.2})).details["counts"] == {"blurred": 1}


def test_sizes_are_told_in_pixels() -> None:
    data = with_items(
        plain(),
        {
            0: {"width": 24, "height": 30},
            1: {"width": 300, "height": 40},
            2: {"width": 1600, "height": 400},
            3: {"width": 0, "height": 0},
        },
    )
    notes = {one.id: one.note for one in run(data).images}
    assert notes == {
        "00-00000": "24 px wide",
        "00-00001": "40 px high",
        "00-00002": "4.0 times as long as it is wide",
    }


def test_many_poor_images_are_a_problem_once_the_interval_says_so() -> None:
    assert run(with_pixels(plain(), range(15), {"sharpness": 0.5})).verdict is Verdict.LOOK
    found = run(with_pixels(plain(), range(24), {"sharpness": 0.5}))
    assert found.verdict is Verdict.PROBLEM and found.value == pytest.approx(0.2)
    assert found.low is not None and found.low > 0.1 and "Remove" in found.advice


def test_an_unreadable_file_is_a_problem() -> None:
    data = replace(plain(), unreadable=(("torn.jpg", "it is cut short"),))
    found = run(data)
    assert found.verdict is Verdict.PROBLEM and found.n == 121
    assert found.value == pytest.approx(1 / 121) and "1 can not be read" in found.text
    assert found.details["unreadable"] == [{"name": "torn.jpg", "reason": "it is cut short"}]
    assert "Bring the files" in found.advice


def test_copies_are_shown_beside_the_first_of_them() -> None:
    data = plain()
    same, near = data.items[3], int(data.items[4].dhash, 16)
    data = with_items(
        data,
        {
            10: {"sha256": same.sha256, "dhash": same.dhash},
            11: {"dhash": f"{near ^ 0b10101:032x}"},
            12: {"dhash": f"{near ^ 0b1:032x}"},
            80: {"dhash": f"{near ^ 0b1000:032x}"},
        },
    )
    found = run(data)
    assert found.verdict is Verdict.LOOK and found.details["counts"] == {"same": 1, "near": 3}
    assert [(one.id, one.beside) for one in found.images] == [
        ("00-00010", "00-00003"),
        ("00-00011", "00-00004"),
        ("00-00012", "00-00004"),
        ("01-00020", "00-00004"),
    ]
    assert found.images[0].note == f"the same file as {same.name}"
    assert found.images[3].note.endswith("which is labelled cat (this one dog)")


def test_kin_and_weights_are_no_copies() -> None:
    data = plain(Batch("cat", 20, "augment", near=0.99), Batch("cat", 10, weight=50))
    # Derived images with the very hash of their photo.
    data = with_items(
        data,
        {120 + i: {"dhash": data.items[i].dhash} for i in range(20)},
    )
    assert data.items[120].lineages == data.items[0].lineages
    assert run(data).verdict is Verdict.OK


def test_held_photos_are_the_leakage_checks_affair() -> None:
    data = plain(Batch("cat", 20, split="test"))
    data = with_items(data, {120: {"dhash": data.items[0].dhash, "sha256": data.items[0].sha256}})
    assert run(data).verdict is Verdict.OK


def test_a_folder_of_one_picture_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MOST_PAIRS", 50)
    data = plain()
    found = run(with_items(data, {i: {"dhash": data.items[0].dhash} for i in range(120)}))
    assert 0 < found.details["counts"]["near"] <= 50


def test_a_handful_says_nothing_of_the_rest_and_nothing_is_unknown() -> None:
    few = audit_data(Batch("cat", 4), Batch("dog", 4))
    few = with_pixels(few, range(8), GOOD)
    assert run(few).verdict is Verdict.UNKNOWN and run(few).n == 8
    nothing = run(replace(few, items=[]))
    assert nothing.verdict is Verdict.UNKNOWN and nothing.value is None


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plain(check_cancelled=stop))
