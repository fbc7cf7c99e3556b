"""Does the label hide in something else: the source, the file format, the size, blur, a cast?"""

from __future__ import annotations

from typing import Any

from catstudio.audit.base import AuditData, Check, Finding, Shown, Verdict, verdict_of
from catstudio.audit.cells import gravest
from catstudio.audit.traits import Tie, counted_ties, pixel_ties, visible
from catstudio.learn.answer import percent

LIMITS = {
    "source": (0.15, 0.3),
    "format": (0.15, 0.3),
    "size": (0.2, 0.4),
    "shape": (0.3, 0.6),
    "blocks": (0.1, 0.4),
    "blur": (0.1, 0.4),
    "cast": (0.6, 0.6),
    "grain": (0.8, 0.85),
}
"""For each trait where a tie becomes worth a look, and where a problem.

A V of 0.1 is small and of 0.3 medium by Cohen (1988); nothing ties source, format, blocks and blur
to a subject. Subjects differ in size and shape by nature (0.12 between photos of cats and dogs, the
upper bound 0.25). Cast and grain of 360 real photos: up to 0.27 within one origin, 0.78 between photos of
different origin, which cost nothing where they were tried; a cast of 12% comes to 0.8."""
BEYOND_CHANCE = 0.36
"""Share of the problem's limit that the lower bound of cast or grain must reach for a problem."""
FAR_FROM_CHANCE = 0.5
"""Where only its own tie counts: part of the first limit that the lower bound must reach."""
ALWAYS_JUDGED = ("source", "format")
"""Traits that an ok must have excluded; the others are told of where they are found."""
MIN_IMAGES, MIN_FAMILIES = 20, 5
"""Training images, and lineages of them, below which any tie may be chance."""
SEEN_FROM = 0.7
EACH = 6
"""How many images show a tie, and how many its exceptions."""
_NAMES = {
    "source": "source",
    "format": "file format",
    "size": "size",
    "shape": "shape",
    "blocks": "JPEG quality",
    "blur": "blur",
    "cast": "colour cast",
    "grain": "grain",
}
_ADVICE = {
    "source": (
        "Give every label the same share of each source: make images for the labels that lack "
        "them, or leave some out."
    ),
    "format": "Get the images of all labels from the same places, in the same file format.",
    "size": "Get the images of all labels from the same places, in the same sizes.",
    "shape": "Frame the images of all labels alike, or crop them alike before adding them.",
    "blocks": "Get the images of all labels in the same quality: blocks that were once stored stay.",
    "blur": "Get the images of all labels in the same sharpness; leave out enlarged thumbnails.",
    "cast": "Photograph all labels in the same light, with the same camera, or vary the colours of all.",
    "grain": "Get the images of all labels from the same cameras and places.",
}


def run(data: AuditData) -> Finding:
    """Look for traits that give the label away without what the images show.

    The figure is the firmest tie, 0 (none) to 1 (either tells the other): bias-corrected
    Cramér's V for what an image has or has not, twice the area under the ROC curve less one for
    cast and grain.
    """
    families = {item for i in data.train for item in data.items[int(i)].lineages[:1] or (str(i),)}
    if len(data.train) < MIN_IMAGES or len(families) < MIN_FAMILIES:
        return _too_few(data, len(families))
    ties = counted_ties(data)
    n_counted = len(ties)
    ties += pixel_ties(data)
    judged = [(tie, judge(tie)) for tie in ties]
    verdict = gravest([Verdict.OK, *(v for tie, v in judged if _counts(tie, v))])
    found = [(tie, v) for tie, v in judged if v.is_found]
    found.sort(key=lambda one: (one[1] is not verdict, -one[0].value / LIMITS[one[0].trait][1]))
    top = found[0][0] if found else _firmest(ties[:n_counted], judged, verdict)
    seen = _seen(data, top) if found and top else ""
    return Finding(
        id=CHECK.id,
        verdict=verdict,
        value=top.value if top else None,
        low=max(0.0, top.low) if top else None,
        high=top.high if top else None,
        n=top.n if top else len(data.train),
        unit="index",
        text=_text(data, [tie for tie, _ in found], top, verdict, seen, ties),
        advice=_advice(verdict, top),
        images=_shown(data, top) if found and top else (),
        details={"trait": top.trait if top else "", "ties": [_plain(data, *one) for one in judged]},
    )


def judge(tie: Tie) -> Verdict:
    """The verdict on one tie; a value to look at that may be chance is unknown."""
    fine, problem = LIMITS[tie.trait]
    chance = fine * FAR_FROM_CHANCE
    verdict = verdict_of(tie.value, tie.low, tie.high, fine, problem)
    is_pixels = tie.trait in ("cast", "grain")
    # The bounds of cast and grain are those of cross-validated areas, wide at fifteen a side.
    if verdict is Verdict.LOOK and tie.low < (0.0 if is_pixels else chance):
        return Verdict.UNKNOWN
    if is_pixels and tie.value >= problem and tie.low >= BEYOND_CHANCE * problem:
        # Intervals of cross-validated areas are wide; such a value with such a bound is no chance.
        return Verdict.PROBLEM
    return verdict


def _counts(tie: Tie, verdict: Verdict) -> bool:
    return tie.trait in ALWAYS_JUDGED or verdict.is_found


def _firmest(counted: list[Tie], judged: list[tuple[Tie, Verdict]], verdict: Verdict) -> Tie | None:
    """What the figure is of while nothing is found: the tie that leaves it unknown, or the largest."""
    undecided = [tie for tie, v in judged if v is verdict and tie.trait in ALWAYS_JUDGED]
    return max(undecided or counted, key=lambda tie: tie.value, default=None)


def _too_few(data: AuditData, n_families: int) -> Finding:
    n = len(data.train)
    return Finding(
        id=CHECK.id,
        verdict=Verdict.UNKNOWN,
        n=n,
        unit="index",
        text=f"Too few training images to tell a tie from chance (n = {n}, of {n_families} lineages).",
        advice=f"Ask again with {MIN_IMAGES} training images or more.",
    )


def _text(
    data: AuditData,
    found: list[Tie],
    top: Tie | None,
    verdict: Verdict,
    seen: str,
    ties: list[Tie],
) -> str:
    if not found or not top:
        return _nothing_found(data, top, verdict, ties)
    told = [sentence(data, top), seen]
    others = list(dict.fromkeys(tie.trait for tie in found if tie.trait != top.trait))
    told += [
        sentence(data, next(tie for tie in found if tie.trait == trait)) for trait in others[:2]
    ]
    return " ".join(part for part in told if part)


def _nothing_found(data: AuditData, top: Tie | None, verdict: Verdict, ties: list[Tie]) -> str:
    n = f"{len(data.train):,}"
    looked = list(dict.fromkeys(_NAMES[tie.trait] for tie in ties))
    if not looked:
        return f"All {n} training images come from one source, in one format and size."
    compared = f"Compared with the label: {', '.join(looked)} (n = {n} training images)."
    if verdict is Verdict.UNKNOWN and top:
        return (
            f"Too few to tell whether the {_NAMES[top.trait]} goes with a label: the tie is "
            f"{top.value:.2f}, and may be anything from {top.low:.2f} to {top.high:.2f} "
            f"(0 is none, 1 is a full one). {compared}"
        )
    strongest = f" The firmest tie is {top.value:.2f} ({_NAMES[top.trait]})." if top else ""
    missing = ""
    if "colour cast" not in looked:
        missing = " Colour cast and grain need more images of two labels from one source."
    return f"None of them tells the label. {compared}{strongest}{missing}"


def sentence(data: AuditData, tie: Tie) -> str:
    """What goes with what, in shares that anyone can check."""
    label = data.labels[tie.label]
    if tie.nmi is None:
        low, high = (tie.low + 1) / 2, (tie.high + 1) / 2
        return (
            f"Among images from '{tie.source}', {_NAMES[tie.trait]} alone tells {label} from the "
            f"other labels in {percent(tie.own)} of 100 pairs ({percent(low)} to {percent(high)}, "
            f"n = {tie.n:,}; 50 is chance): {label} has {tie.what}."
        )
    verb = {"size": "measure", "blocks": "come"}.get(tie.trait, "are")
    return (
        f"{percent(tie.own)}% of the {label} images {verb} {tie.what}, {percent(tie.rest)}% of "
        f"the others (n = {tie.n:,}, a tie of {tie.value:.2f}, {tie.low:.2f} to {tie.high:.2f}; "
        "0 is none, 1 is a full one)."
    )


def _seen(data: AuditData, tie: Tie) -> str:
    """Whether the model could use the tie."""
    if tie.nmi is None:
        return "It lies in the pixels that the model is shown."
    found = visible(data, tie)
    if not found:
        return "Whether the model can see it cannot be told: no label has enough images of both."
    share = (
        f"{percent(found.auc)} of 100 pairs ({percent(found.low)} to {percent(found.high)}, "
        f"n = {found.n_first + found.n_second})"
    )
    if found.low > 0.5 and found.auc >= SEEN_FROM:
        return f"The model can see it: within one label it tells both kinds apart in {share}."
    if found.high < SEEN_FROM:
        return (
            "As the model is shown them, in one size and format, both kinds look alike "
            f"({share}), so it can hardly use it."
        )
    return f"Whether the model can see it is uncertain ({share} of one label told apart)."


def _advice(verdict: Verdict, top: Tie | None) -> str:
    if verdict is Verdict.OK or not top:
        return ""
    if verdict is Verdict.UNKNOWN:
        return "Ask again with more images of each label."
    return _ADVICE[top.trait]


def _shown(data: AuditData, tie: Tie) -> tuple[Shown, ...]:
    """Images that make the tie, and the exceptions that the data set needs more of."""
    label = data.labels[tie.label]
    shown = [Shown(data.items[int(i)].id, f"{label}, {tie.what}") for i in tie.typical[:EACH]]
    for i in tie.odd[:EACH]:
        own = data.labels[int(data.y[i])]
        if tie.nmi is None:
            note = f"{own}, which looks like it"
        else:
            note = f"{own}, but {'not ' if own == label else ''}{tie.what}"
        shown.append(Shown(data.items[int(i)].id, note))
    return tuple(shown)


def _plain(data: AuditData, tie: Tie, verdict: Verdict) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "trait": tie.trait,
        "name": _NAMES[tie.trait],
        "value": tie.value,
        "low": tie.low,
        "high": tie.high,
        "n": tie.n,
        "n_lineages": tie.n_families,
        "label": data.labels[tie.label],
        "what": tie.what,
        "own": tie.own,
        "rest": tie.rest,
        "source": tie.source,
        "verdict": str(verdict),
        "text": sentence(data, tie),
    }
    if tie.nmi and tie.table:
        plain["nmi"] = dict(zip(("value", "low", "high"), tie.nmi, strict=True))
        plain["table"] = {"values": list(tie.table[0]), "counts": tie.table[1]}
    return plain


CHECK = Check(
    id="label_source_confounding",
    title="Does the label hide in the source?",
    question="Could it tell the labels by where an image comes from, instead of what it shows?",
    meaning=(
        "How firmly the label goes with the source, file format, size, shape, JPEG quality, blur, "
        "colour cast or grain of the training images: 0 not at all, 1 entirely."
    ),
    source="Cramér's V (Bergsma 2013) and mutual information, by lineage; Grommelt et al. 2024",
    run=run,
)
