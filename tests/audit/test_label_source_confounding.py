"""Traits that give the label away: each planted one found and named, none where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catstudio.audit import Verdict
from catstudio.audit.base import Finding
from catstudio.audit.label_source_confounding import CHECK, run
from catstudio.audit.traits import shape, sizes
from tests.audit.conftest import Batch, audit_data

MIXED: list[tuple[int, int]] = [(400, 300), (1024, 768), (640, 480)]


def ask(*batches: Batch, seed: int = 0) -> Finding:
    return run(audit_data(*batches, seed=seed))


def two(cat: dict[str, Any], dog: dict[str, Any], n: int = 40, seed: int = 0) -> Finding:
    return ask(Batch("cat", n, **cat), Batch("dog", n, **dog), seed=seed)


def test_a_generator_used_for_one_label_only() -> None:
    found = ask(Batch("cat", 40), Batch("dog", 40), Batch("cat", 60, "diffusers", shift={-1: 0.9}))
    assert found.id == CHECK.id and found.verdict is Verdict.PROBLEM and found.unit == "index"
    assert found.details["trait"] == "source" and found.n == 140
    assert "60% of the cat images are from 'diffusers', 0% of the others (n = 140" in found.text
    assert "The model can see it" in found.text
    assert "same share of each source" in found.advice
    assert found.value is not None and found.low is not None and found.high is not None
    assert 0.15 < found.low <= found.value <= found.high <= 1
    assert found.images[0].note == "cat, from 'diffusers'"
    assert found.images[-1].note == "cat, but not from 'diffusers'"
    tie = found.details["ties"][0]
    assert tie["table"]["counts"] == [[60, 40], [0, 40]] and 0 < tie["nmi"]["value"] < 1


def test_one_photo_and_sixty_made_from_it_are_tied_too() -> None:
    found = ask(Batch("cat", 1), Batch("dog", 8), Batch("cat", 60, "diffusers", near=0.6))
    assert found.verdict is Verdict.PROBLEM and found.details["trait"] == "source"


def test_a_file_format_tied_to_the_label() -> None:
    found = two({"format": ["PNG"] * 39 + ["JPEG"]}, {"format": ["JPEG"] * 39 + ["PNG"]})
    assert found.verdict is Verdict.PROBLEM and found.details["trait"] == "format"
    assert "98% of the cat images are PNG, 2% of the others (n = 80" in found.text
    assert "same file format" in found.advice
    assert found.images[-1].note == "dog, but PNG"


def test_a_tie_that_the_model_cannot_see_says_so() -> None:
    found = two({"format": ["PNG", "PNG", "JPEG"]}, {"format": ["JPEG"] * 4 + ["PNG"]}, n=300)
    assert found.verdict is Verdict.PROBLEM
    assert "both kinds look alike" in found.text and "it can hardly use it" in found.text


def test_sizes_and_shapes_tied_to_the_label() -> None:
    sized = two({"size": (512, 512)}, {"size": [(512, 512), *MIXED, *MIXED]})
    assert sized.verdict is Verdict.PROBLEM and sized.details["trait"] in ("size", "shape")
    assert "of the cat images measure 512 × 512 pixels" in sized.text
    shaped = two({"size": MIXED}, {"size": [(b, a) for a, b in MIXED]})
    assert shaped.verdict is Verdict.PROBLEM and "wide" in shaped.text


def test_blocks_and_blur_that_most_of_one_label_has() -> None:
    """Four in five of one label and one in five of the other: seen although many lack it."""
    blocky, blurred = {"blockiness": 20.0}, {"detail": -7.0}
    for pixels, trait, words in (
        (blocky, "blocks", "80% of the cat images come with the blocks of a low JPEG quality"),
        (blurred, "blur", "80% of the cat images are blurred or enlarged, 20% of the others"),
    ):
        batches = [Batch("cat", 24, pixels=pixels), Batch("cat", 6)]
        batches += [Batch("dog", 6, pixels=pixels), Batch("dog", 24)]
        for seed in range(5):
            found = ask(*batches, seed=seed)
            assert found.verdict is Verdict.PROBLEM and found.details["trait"] == trait
            assert words in found.text and "n = 60" in found.text
        # Whichever label comes first.
        told = ask(
            *(replace(b, label={"cat": "dog", "dog": "cat"}[b.label]) for b in batches[::-1])
        )
        assert words.replace("cat", "dog") in told.text


def test_a_colour_cast_on_one_label() -> None:
    found = two({"pixels": {"edge_red": 1.5, "edge_blue": -1.5}}, {})
    assert found.verdict is Verdict.PROBLEM and found.details["trait"] == "cast"
    assert "Among images from 'photo', colour cast alone tells cat" in found.text
    assert "cat has a warmer cast" in found.text and "same light" in found.advice
    cold = two({"pixels": {"edge_red": -1.5, "edge_blue": 1.5}}, {})
    assert "cat has a colder cast" in cold.text


def test_black_and_white_photos_of_one_label() -> None:
    data = audit_data(Batch("cat", 40), Batch("dog", 40))
    pixels = data.pixels.copy()
    pixels[:40, -4:] = 0.0  # No cast at all.
    found = run(replace(data, pixels=pixels))
    assert found.verdict is Verdict.PROBLEM and "cat has hardly any colour" in found.text


def test_grain_of_one_label_among_the_made_images() -> None:
    found = ask(
        Batch("cat", 40),
        Batch("dog", 40),
        Batch("cat", 60, "seed", pixels={"noise": 3.0, "sharpness": 3.0, "spectrum_14": 3.0}),
        Batch("dog", 60, "seed"),
    )
    assert found.verdict is Verdict.PROBLEM and found.details["trait"] == "grain"
    assert "from 'seed'" in found.text


def test_tones_that_differ_by_nature_are_no_alarm() -> None:
    # Snow is brighter than coal, and a meadow green: that is what they show.
    tones = {"luminance": 3.0, "red": 3.0, "green": 2.0, "blue": 3.0, "saturation": -2.0}
    found = two({"pixels": tones}, {})
    assert found.verdict is Verdict.OK


@pytest.mark.parametrize("n", [12, 40])
def test_clean_data_raises_no_alarm(n: int) -> None:
    verdicts = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        batches = [
            Batch(
                label,
                n,
                format=[str(f) for f in generator.choice(["JPEG", "PNG"], n)],
                size=[(int(w), int(h)) for w, h in generator.integers(200, 2000, (n, 2))],
            )
            for label in ("cat", "dog")
        ]
        for label in ("cat", "dog"):
            batches += [
                Batch(label, n, "diffusers", format="PNG", size=(512, 512)),
                Batch(label, n, "augment", near=0.8),
            ]
        verdicts.append(ask(*batches, seed=seed).verdict)
    assert sum(v in (Verdict.PROBLEM, Verdict.LOOK) for v in verdicts) <= 2


def test_too_few_images_say_so() -> None:
    tiny = two({"format": "PNG"}, {"format": "JPEG"}, n=4)
    assert tiny.verdict is Verdict.UNKNOWN and tiny.value is None
    assert "Too few training images" in tiny.text and "n = 8" in tiny.text
    small = two({"format": ["JPEG", "PNG", "PNG"]}, {"format": ["JPEG", "JPEG", "PNG"]}, n=11)
    assert small.verdict is Verdict.UNKNOWN
    assert "Too few to tell whether the file format goes with a label" in small.text


def test_photos_of_one_origin_have_nothing_to_tell_by() -> None:
    found = two({}, {})
    assert found.verdict is Verdict.OK and not found.images and not found.advice
    assert "None of them tells the label" in found.text
    lone = ask(Batch("cat", 40), Batch("dog", 4))
    assert lone.verdict is Verdict.OK and lone.value is None
    assert "one source, in one format and size" in lone.text


def test_three_labels_name_the_tied_one() -> None:
    found = ask(Batch("cat", 30, format="PNG"), Batch("dog", 30, format="JPEG"), Batch("owl", 30))
    assert found.verdict is Verdict.PROBLEM
    assert "100% of the cat images are PNG, 0% of the others" in found.text


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(audit_data(Batch("cat", 40), Batch("dog", 40), check_cancelled=stop))


def test_words_for_sizes_and_shapes() -> None:
    items = audit_data(
        Batch("cat", 6, size=(512, 512)), Batch("dog", 60, size=lambda i: (300 + i, 200))
    ).items
    words = sizes(items[:9])
    assert words[0] == "512 × 512 pixels" and words[-1] == "302 × 200 pixels"
    assert sizes(items)[-1] == "256 to 511 pixels on the long side"
    assert [shape(10, 10), shape(104, 100), shape(3, 2), shape(2, 3)] == [
        "square",
        "square",
        "wide",
        "upright",
    ]
