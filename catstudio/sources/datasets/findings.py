"""What the check says: each question answered in one sentence, with what to do about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from catstudio.core.changes import count_images
from catstudio.sources.datasets.base import Dataset
from catstudio.sources.datasets.classes import FEWEST, Tell, binned, tell
from catstudio.sources.datasets.copies import Marks
from catstudio.sources.datasets.lookalikes import TRUSTED, Vote
from catstudio.sources.datasets.looking import Looked
from catstudio.sources.datasets.planning import Plan
from catstudio.sources.datasets.report import Finding, Group, Verdict

_SURE, _HINTED = 0.6, 0.25  # Lifts over guessing: 0.6 is 80 of 100 right between two classes.
_ERRORS = 3.0  # Standard errors above chance, as several properties are tried.
_RARE = 10.0  # The largest class is so many times the smallest.


def findings(
    images: Sequence[Looked], marks: Marks, plan: Plan, dataset: Dataset, asked: Vote
) -> tuple[Finding, ...]:
    """All questions in the order in which they matter."""
    return (
        _labels(plan, dataset),
        _test_leak(marks),
        _copies(marks),
        _project(marks),
        _suspect(marks, asked),
        _codec(images),
        _size(images),
        _balance(images),
        _generated(images, marks),
        _splits(dataset),
        _odd(marks),
        _broken(marks),
    )


def _labels(plan: Plan, dataset: Dataset) -> Finding:
    named = ", ".join(f"{raw} ({n:,})" for raw, n in plan.unmapped.items())
    if named:
        text = f"Labels that mean nothing in the project yet: {named}. Their images stay outside."
        hint = "Say which label of the project each is, or leave it out."
        return Finding("labels", "Labels", Verdict.LOOK, text, hint)
    if not plan.labels:
        text = f"{count_images(len(dataset.items))} without labels: they will wait in review."
        return Finding("labels", "Labels", Verdict.OK, text)
    return Finding("labels", "Labels", Verdict.OK, "Every label has a meaning in the project.")


def _test_leak(marks: Marks) -> Finding:
    n = len(marks[Group.NEAR_TEST])
    if not n:
        text = "No image equals or nearly equals a photo that the project tests on."
        return Finding("test_leak", "Test photos", Verdict.OK, text)
    text = f"{count_images(n)} equal or nearly equal photos that the project tests on."
    hint = "Leave them out: they can never be trained on, and would only look like more data."
    return Finding("test_leak", "Test photos", Verdict.PROBLEM, text, hint)


def _copies(marks: Marks) -> Finding:
    exact = sum(not one.is_in_project for one in marks[Group.DUPLICATES])
    near = len(marks[Group.NEAR])
    if not exact + near:
        return Finding("duplicates", "Copies inside", Verdict.OK, "No image is there twice.")
    text = f"{count_images(exact)} are there twice, {count_images(near)} nearly so."
    hint = "Copies count as one lineage, so they do not add up; leaving them out saves time."
    return Finding("duplicates", "Copies inside", Verdict.LOOK, text, hint)


def _project(marks: Marks) -> Finding:
    exact = sum(one.is_in_project for one in marks[Group.DUPLICATES])
    near = len(marks[Group.NEAR_PROJECT])
    if not exact + near:
        text = "The project has none of these images."
        return Finding("project", "Copies of the project", Verdict.OK, text)
    text = f"{count_images(exact)} are in the project already, {count_images(near)} nearly so."
    hint = "Exact copies are passed over anyway; near-copies join the lineage of the first."
    return Finding("project", "Copies of the project", Verdict.LOOK, text, hint)


def _suspect(marks: Marks, asked: Vote) -> Finding:
    n = len({one.name for one in marks[Group.SUSPECT]})
    if asked.right is None:
        reach = "Only copies were compared: that needs more images of two labels."
    elif asked.right < TRUSTED:
        reach = (
            f"Only copies were compared: colours and shapes tell the labels apart in "
            f"{100 * asked.right:.0f} of 100, too few to doubt a label by."
        )
    else:
        reach = f"Colours and shapes tell the labels apart in {100 * asked.right:.0f} of 100."
    if not n:
        text = f"No label was found to disagree with its copies. {reach}"
        return Finding("suspect", "Suspect labels", Verdict.OK, text)
    text = f"{count_images(n)} with a label that copies or look-alikes do not have. {reach}"
    hint = "Look at them before they enter: one of the two labels may be wrong."
    return Finding("suspect", "Suspect labels", Verdict.LOOK, text, hint)


def _codec(images: Sequence[Looked]) -> Finding:
    kinds = Counter(one.codec for one in images)
    keys: dict[str, Callable[[Looked], Hashable]] = {
        "The file format alone": lambda one: one.codec,
        "File format and compression alone": lambda one: (one.codec, one.quality),
    }
    text = f"Formats: {', '.join(f'{kind} {n:,}' for kind, n in kinds.most_common())}."
    return _telling("codec", "File format", images, keys, text)


def _size(images: Sequence[Looked]) -> Finding:
    keys: dict[str, Callable[[Looked], Hashable]] = {
        "The exact size alone": lambda one: (one.width, one.height),
        "The number of pixels alone": binned(images, lambda one: one.width * one.height),
        "The shape of the frame alone": binned(images, lambda one: one.width / one.height),
    }
    sizes = len({(one.width, one.height) for one in images})
    return _telling("size", "Size and shape", images, keys, f"{sizes:,} different sizes.")


def _telling(
    id_: str,
    title: str,
    images: Sequence[Looked],
    keys: dict[str, Callable[[Looked], Hashable]],
    facts: str,
) -> Finding:
    """How far properties that show nothing of the subject give the class away."""
    tells = {words: found for words, key in keys.items() if (found := tell(images, key))}
    if not tells:
        text = f"{facts} Too few images to judge: two labels need {FEWEST} each."
        return Finding(id_, title, Verdict.UNKNOWN, text)
    words, best = max(tells.items(), key=lambda pair: pair[1].lift)
    if best.lift < _HINTED or best.right - best.chance < _ERRORS * best.error:
        text = f"{facts} They say little about the label ({_odds(best)})."
        return Finding(id_, title, Verdict.OK, text)
    verdict = Verdict.PROBLEM if best.lift >= _SURE else Verdict.LOOK
    text = f"{words} gives the label away: right for {_odds(best)}."
    hint = (
        "A model could learn the file instead of the subject. Get photos of every label from "
        "one camera or save them all in one way, and test on photos from elsewhere."
    )
    return Finding(id_, title, verdict, text, hint)


def _odds(found: Tell) -> str:
    return f"{100 * found.right:.0f} of 100, where guessing gets {100 * found.chance:.0f}"


def _balance(images: Sequence[Looked]) -> Finding:
    counts = Counter(one.label for one in images if one.label is not None).most_common()
    if len(counts) < 2:
        what = f"All are {counts[0][0]}." if counts else "No image has a label yet."
        return Finding("balance", "Balance", Verdict.UNKNOWN, what)
    (most, high), (fewest, low) = counts[0], counts[-1]
    text = ", ".join(f"{label} {n:,}" for label, n in counts[:8])
    text = f"{text}." if len(counts) <= 8 else f"{text} and {len(counts) - 8} more."
    if high < _RARE * low:
        return Finding("balance", "Balance", Verdict.OK, text)
    hint = f"There are {math.floor(high / low)} images of {most} to one of {fewest}: find more."
    return Finding("balance", "Balance", Verdict.LOOK, text, hint)


def _generated(images: Sequence[Looked], marks: Marks) -> Finding:
    made = len(marks[Group.GENERATED])
    claims = [one.claim for one in images if one.claim is not None]
    signed = sum(not claim.is_generated for claim in claims)
    also = f" {count_images(signed)} carry content credentials (C2PA)." if signed else ""
    if not made:
        text = f"No image says that a program made it.{also} Metadata is easily lost: no proof."
        return Finding("generated", "Generated images", Verdict.OK, text)
    makers = Counter(claim.made_by for claim in claims if claim.is_generated).most_common(4)
    named = ", ".join(f"{maker} {n:,}" for maker, n in makers if maker)
    text = (
        f"{made:,} of {count_images(len(images))} ({made / len(images):.0%}) say that a program "
        f"made them: {named}.{also}"
    )
    hint = "They come in as made by another tool and are never tested on; or leave them out."
    return Finding("generated", "Generated images", Verdict.LOOK, text, hint)


def _splits(dataset: Dataset) -> Finding:
    counts = dataset.split_counts()
    if not counts:
        text = "The data set proposes no splits; the project draws its own."
        return Finding("splits", "Splits", Verdict.OK, text)
    named = ", ".join(f"{split} {n:,}" for split, n in counts.items())
    text = f"It proposes splits: {named}. Near-copies are never kept in two of them."
    hint = "Keep them to compare with others' results, or let the project draw its own."
    return Finding("splits", "Splits", Verdict.OK, text, hint)


def _odd(marks: Marks) -> Finding:
    odd = marks[Group.ODD]
    if not odd:
        text = "None is tiny, a strip, blank, animated or for print."
        return Finding("odd", "Odd images", Verdict.OK, text)
    text = f"{count_images(len(odd))} are odd: {odd[0].name} {odd[0].reason}."
    return Finding("odd", "Odd images", Verdict.LOOK, text, "Look at them, or leave them out.")


def _broken(marks: Marks) -> Finding:
    broken = marks[Group.BROKEN]
    if not broken:
        return Finding("broken", "Broken files", Verdict.OK, "Every image can be decoded.")
    text = f"{len(broken):,} files cannot come in. The first: {broken[0].reason}"
    hint = "Copy them again from where they came from. The rest is not held up."
    return Finding("broken", "Broken files", Verdict.LOOK, text, hint)
