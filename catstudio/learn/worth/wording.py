"""What the figures say in words: never more than their intervals carry, and each with its n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catstudio.learn.answer import percent
from catstudio.learn.paired import Interval
from catstudio.learn.worth.comparison import Comparison
from catstudio.learn.worth.rate import MIN_TEST_LINEAGES, Worth

MIN_SHOWN = 0.5
"""Real photos below which a source was worth about none."""

REAL_THEMSELVES = "These are real photos themselves."
ONE_PHOTO_EACH = (
    "There is one real photo a label to train on: to see what more of them bring, or how many "
    "of them other images are worth, it takes more."
)


def gain_text(found: Comparison, beside: str) -> str:
    """What adding a source did; ``beside`` names what was there, as in "the real photos"."""
    if found.still_lacks:
        return f"Beside {beside} it cannot be measured: {_none_of(found.still_lacks)} there."
    if found.lacks:
        return f"Beside {beside} alone {_none_of(found.lacks)}: only with it can all be told apart."
    if _is_unclear(found.delta):
        return f"Beside {beside} it made {_no_difference(found)}{_ranking_alone(found.auc)}."
    verb = "raised" if found.delta[0] > 0 else "lowered"
    return (
        f"Beside {beside} it {verb} balanced accuracy (the share of right answers, averaged over "
        f"the labels) by {_points(abs(found.delta[0]))} points ({_evidence(found)}). {_kind(found)}"
    )


def loss_text(found: Comparison) -> str:
    """What leaving a source out of everything did."""
    if found.lacks:
        return f"Without it {_none_of(found.lacks)}, so nothing can be trained."
    if _is_unclear(found.delta):
        return f"Leaving it out of everything made {_no_difference(found)}."
    verb = "rises" if found.delta[0] > 0 else "falls"
    return (
        f"Without it balanced accuracy {verb} by {_points(abs(found.delta[0]))} points "
        f"({_evidence(found)}), and {_ranking(found.auc)}."
    )


def short_text(found: Comparison, beside: str) -> str:
    """The same as :func:`gain_text` in a clause."""
    if found.still_lacks:
        return f"cannot be measured beside {beside}, as {_none_of(found.still_lacks)} there"
    if found.lacks:
        return f"brought what {beside} have none of, {listed(found.lacks)}"
    if _is_unclear(found.delta):
        return f"beside {beside} {_no_difference(found)}"
    kind = "gain" if found.delta[0] > 0 else "loss"
    only = " that only moved the threshold" if only_moved(found) else ""
    return (
        f"beside {beside} a {kind} of {_points(abs(found.delta[0]))} points of balanced "
        f"accuracy{only} ({_evidence(found)})"
    )


def only_moved(found: Comparison) -> bool:
    """The threshold's part is beyond doubt, and of a learned part there is no sign."""
    return _is_sure(found.moved, found.delta) and not _is_learned(found)


def worth_text(worth: Worth, n_images: int) -> str:
    """How many real photos a source was worth, beside how many, measured on how many."""
    where = (
        f"Measured beside {_photos(worth.base)}, where more still help, "
        f"n = {worth.n_test} test photos"
    )
    if round(worth.n_used) < n_images:
        where += (
            f", with {worth.n_used:,.0f} of its images on average: the others are made from photos "
            "that were left out"
        )
    if not worth.is_known:
        return f"How many real photos it was worth cannot be said. {where}."
    its = "Its one image was" if n_images == 1 else f"Its {n_images:,} images were"
    return f"{its} {amount_text(worth)}. {where}."


def amount_text(worth: Worth) -> str:
    """ "worth about 5 real photos (2 to 11)"; says so where it lies outside what was measured."""
    low = f"{_whole(worth.least)} or less" if worth.low is None else _whole(worth.low)
    high = f"{_whole(worth.most)} or more" if worth.high is None else _whole(worth.high)
    if worth.value is None:
        if worth.low is not None:
            return (
                f"worth more than the {_photos(worth.most)} that could be measured (at least {low})"
            )
        if not worth.least:
            is_sure = worth.high is not None and worth.high < MIN_SHOWN
            return "worse than nothing" if is_sure else f"worse than nothing, or worth up to {high}"
        return f"as bad as losing more than the {_photos(-worth.least)} that could be measured"
    if worth.high is not None and worth.high < 0:
        return f"as bad as losing about {_photos(-worth.value)} ({low} to {high})"
    if worth.value < MIN_SHOWN:
        return f"worth about no real photo ({low} to {high})"
    about = f"worth about {_photos(worth.value)} ({low} to {high})"
    is_surely_some = worth.low is not None and worth.low > 0
    return about if is_surely_some else f"{about}, which may be none"


def curve_text(half: int, n: int, values: tuple[float, float], rise: Interval, n_test: int) -> str:
    """What the second half of the real photos brought, and whether it can be seen at all."""
    value = rise[0]
    sentence = (
        f"With {_photos(half)} balanced accuracy is {percent(values[0])}% on average, "
        f"with all {n:,} it is {percent(values[1])}%"
    )
    if _is_unclear(rise):
        return (
            f"{sentence}: no difference that {n_test} test photos can show "
            f"({_signed(value)} points, {_range(rise)})."
        )
    more = "more" if value > 0 else "less"
    return (
        f"{sentence}: {_points(abs(value))} points {more} "
        f"({_range(rise)}, n = {n_test} test photos)."
    )


def no_real_photo_of(labels: Sequence[str]) -> str:
    """Why there is no curve of real photos alone."""
    return (
        f"There is no real photo of {listed(labels)} to train on, so what real photos alone "
        "bring, and how many of them other images are worth, cannot be measured."
    )


def images_text(described: Mapping[str, Any]) -> str:
    """How many images one source has, and how varied they are."""
    n, effective = described["n"], described["effective_n"]
    images = "1 image" if n == 1 else f"{n:,} images"
    if described["n_with_copies"] > n:
        images += f", {described['n_with_copies']:,} with copies"
    return f"{images} (as varied as {effective:,.1f} that have nothing in common)"


def source_text(
    described: Mapping[str, Any], gain: Comparison, beside: str, worth: Mapping[str, Any] | None
) -> str:
    """One source in one sentence, from its counts, its ablation and its worth as JSON."""
    amount = ""
    if worth:
        amount = f"; {worth['text']} where there are only {_whole(worth['base'])}"
    return f"{images_text(described)}: {short_text(gain, beside)}{amount}."


def too_few_tests(n_test: int) -> str:
    """Why nothing is exchanged with few test photos."""
    return (
        f"How many real photos it was worth cannot be said from {n_test} test photos: every label "
        f"needs {MIN_TEST_LINEAGES} that are no near-copies of each other."
    )


def too_flat(least: int, n: int, rise: Interval, n_test: int) -> str:
    """Why nothing is exchanged where more real photos make no difference either."""
    return (
        f"How many real photos it was worth cannot be said: {n_test} test photos show no "
        f"difference between {least:,} and {n:,} of the real photos themselves "
        f"({_signed(rise[0])} points, {_range(rise)})."
    )


def _kind(found: Comparison) -> str:
    """Learned, moved, both, or not to be told."""
    up = found.delta[0] > 0
    ranking = _ranking(found.auc)
    if only_moved(found):
        place = "" if up else ", to a worse place"
        return (
            f"As far as {found.n} photos can tell it only moved the threshold{place} "
            f"({_signed(found.moved[0])} points, {_range(found.moved)}), the score from which on "
            f"an image is given a label, and taught nothing: {ranking}."
        )
    if not _is_learned(found):
        return (
            "Whether it taught the model something, or only moved the threshold from which on an "
            f"image is given a label, {found.n} photos cannot tell: {ranking}."
        )
    taught = "It taught the model something" if up else "It taught the model something wrong"
    also = ""
    if _is_sure(found.moved, found.delta):
        also = f", and it moved the threshold as well ({_signed(found.moved[0])})"
    return (
        f"{taught}: {ranking}; with the threshold at its best place for these photos before and "
        f"after, it is {_signed(found.learned[0])} points ({_range(found.learned)}){also}."
    )


def _is_learned(found: Comparison) -> bool:
    return _is_sure(found.auc, found.delta) or _is_sure(found.learned, found.delta)


def _is_sure(part: Interval, whole: Interval) -> bool:
    """The part's whole interval lies on the side where the difference is."""
    return part[1] > 0 if whole[0] > 0 else part[2] < 0


def _is_unclear(interval: Interval) -> bool:
    """Whether nothing at all is among what is possible."""
    return interval[1] <= 0 <= interval[2]


def _no_difference(found: Comparison) -> str:
    return (
        f"no difference that {found.n} test photos can show "
        f"({_signed(found.delta[0])} points, {_range(found.delta)})"
    )


def _evidence(found: Comparison) -> str:
    return f"{_range(found.delta)}, n = {found.n} test photos"


def _none_of(labels: Sequence[str]) -> str:
    return f"there is no image of {listed(labels)}"


def _ranking_alone(area: Interval) -> str:
    if _is_unclear(area):
        return ""
    return f", though {_ranking(area)}"


def _ranking(area: Interval) -> str:
    """What became of the ranking; says what AUC is."""
    what = "the ranking of photos (AUC: 0.5 is chance, 1 is perfect)"
    value, low, high = (f"{v:+.3f}".replace("-", "−") for v in area)
    if _is_unclear(area):
        return f"{what} shows no change ({value}, {low} to {high})"
    verb = "rose" if area[0] > 0 else "fell"
    return f"{what} {verb} by {abs(area[0]):.3f} ({low} to {high})"


def _range(interval: Interval) -> str:
    return f"{_signed(interval[1])} to {_signed(interval[2])}"


def _signed(share: float) -> str:
    points = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if points[1:] == "0.0" else points


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _whole(n: float) -> str:
    return f"{round(n):,}".replace("-", "−")


def _photos(n: float) -> str:
    return "1 real photo" if round(n) == 1 else f"{_whole(n)} real photos"


def listed(names: Sequence[str]) -> str:
    """ "'a', 'b' or 'c'"."""
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
