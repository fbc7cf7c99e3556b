"""The blind test as words: how often the photo was found, which fakes passed, what a machine sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from catstudio.learn.blind import (
    FEWEST,
    NOTICEABLE,
    Machine,
    MachineTest,
    Results,
    Score,
    Shown,
    Summary,
    Verdict,
)
from catstudio.report.audit_words import source_title
from catstudio.report.wording import Figure, percent

_CHECK = "real_vs_synthetic"
_EVERY = ""
"""What that check calls the made images of all sources together."""
_MOST_SHOWN = 8
Strip = Callable[[Sequence[tuple[str, str]]], str]

LEGEND = (
    "Two images of one label stand side by side, a photo and a made one. Guessing finds the photo "
    "in half of the pairs, so a fake that nobody can tell passes for the photo in half of its own. "
    "“Can't tell” counts as half right, as a guess would."
)


def machine_test(run: int, audit: Mapping[str, Any]) -> MachineTest | None:
    """What the audit of ``run`` says of telling fakes from photos; None where it says nothing.

    A machine that looks in several ways sees what the best of them sees.
    """
    check = next((one for one in audit.get("checks") or () if one.get("id") == _CHECK), None)
    overall = _machine(check or {})
    if check is None or overall is None:
        return None
    by_source: dict[str, Machine] = {}
    for given in (check.get("details") or {}).get("figures") or ():
        source, found = str(given.get("source")), _machine(given)
        if found is not None and (source not in by_source or by_source[source].low < found.low):
            by_source[source] = found
    return MachineTest(run, by_source.pop(_EVERY, overall), by_source)


def _machine(given: Mapping[str, Any]) -> Machine | None:
    value, low, high = (Figure.of(given.get(key)).value for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return None
    return Machine(value, low, high, int(given.get("n") or 0))


def generator_title(key: tuple[str, str]) -> str:
    """What a person calls a generator, (source, model)."""
    source, model = key
    return f"{source_title(source)} ({model})" if model else source_title(source)


# -- what the answers say --------------------------------------------------------------------------


def found_sentence(who: str, score: Score) -> str:
    """ "Ada found the photo in 14 of 20 pairs: 70% (48 to 85%). Guessing gets half."."""
    if not score.n:
        return f"{who} has answered no pair yet."
    unsure = f" and could not tell in {score.unsure}" if score.unsure else ""
    return (
        f"{who} found the photo in {score.right} of {_pairs(score.n)}{unsure}: "
        f"{percent(score.value)}% ({_range(score.low, score.high)}). Guessing gets half."
    )


def found_verdict(score: Score) -> str:
    """What that allows to say of the eye, in one sentence."""
    return {
        Verdict.SEES: "That is more than luck explains: the eye sees a difference.",
        Verdict.MISLED: (
            "That is less than luck explains: to the eye the made images look more like photos "
            "than the photos do."
        ),
        Verdict.FOOLED: (
            "The eye does no better than guessing. If it sees anything it is little: at most "
            f"{percent(score.high)}% right, and a difference is called just noticeable from "
            f"{percent(NOTICEABLE)}%."
        ),
        Verdict.OPEN: (
            f"With {_pairs(score.n)} that may be luck or more: another round would narrow it."
        ),
        Verdict.TOO_FEW: (
            f"Too few to tell: of fewer than {FEWEST} images even all may be found by luck."
        ),
    }[score.verdict]


def passed_sentence(title: str, score: Score) -> str:
    """ "Seed diffusion passed for the photo in 6 of 20 pairs: 30% (15 to 52%)."."""
    value, low, high = score.fools
    unsure = f" and was left undecided in {score.unsure}" if score.unsure else ""
    return (
        f"{title} passed for the photo in {score.wrong} of {_pairs(score.n)}{unsure}: "
        f"{percent(value)}% ({_range(low, high)})."
    )


def passed_verdict(score: Score) -> str:
    """What that allows to say of the fakes, in a few words."""
    return {
        Verdict.SEES: "The eye catches them",
        Verdict.MISLED: "They look more like photos than photos do",
        Verdict.FOOLED: "They fool the eye",
        Verdict.OPEN: "May be luck: more pairs would tell",
        Verdict.TOO_FEW: "Too few to tell",
    }[score.verdict]


def comparison(score: Score, machine: Machine | None) -> str:
    """ "The eye 60% (39 to 78%, n = 20), the machine 97% (…): …", or "" without a machine.

    Both are how often the photo is found in a pair; for the machine that is its AUC.
    """
    if machine is None or not score.n:
        return ""
    figures = (
        f"The eye {percent(score.value)}% ({_range(score.low, score.high)}, n = {score.n:,}), "
        f"the machine {percent(machine.value)}% ({_range(machine.low, machine.high)}, "
        f"n = {machine.n:,})"
    )
    return f"{figures}: {_compared(score, machine)}."


def _compared(score: Score, machine: Machine) -> str:
    if score.verdict is Verdict.TOO_FEW:
        return "too few pairs to compare"
    eye_sees, machine_sees = score.verdict is Verdict.SEES, machine.low > 0.5
    if eye_sees and machine_sees:
        better = ", the machine better" if machine.low > score.high else ""
        better = ", the eye better" if score.low > machine.high else better
        return f"both see a difference{better}"
    if eye_sees:
        return (
            "the eye sees what the machine misses"
            if score.low > machine.high
            else "the eye sees a difference; whether the machine does is open"
        )
    if machine_sees:
        return _only_machine(score, machine)
    return "neither tells them apart so far"


def _only_machine(score: Score, machine: Machine) -> str:
    if machine.low <= score.high:
        return "the machine sees a difference; whether the eye does takes more pairs to tell"
    if score.verdict is Verdict.OPEN:
        return "the machine sees more than the eye; whether the eye sees anything takes more pairs to tell"
    return "a flaw that the machine sees and the eye does not, or hardly"


def image_note(one: Shown) -> str:
    """ "Seed diffusion,\\npassed in 2 of 3": what a made image did before those who judged it."""
    title = generator_title((one.source, one.model))
    if one.n == 1:
        return f"{title},\n" + ("undecided" if one.unsure else "passed" if one.taken else "caught")
    return f"{title},\npassed in {one.taken} of {one.n}"


def passed(summary: Summary) -> list[Shown]:
    """The made images that passed for a photo, the most convincing first."""
    return [one for one in summary.shown if one.has_fooled]


def caught(summary: Summary) -> list[Shown]:
    """The made images that were caught, the plainest first."""
    return [one for one in reversed(summary.shown) if not one.has_fooled]


def repeats_sentence(repeats: int) -> str:
    """Why answers are not counted; "" when all are."""
    if not repeats:
        return ""
    what = "1 more pair is" if repeats == 1 else f"{repeats:,} more pairs are"
    return (
        f"{what} not counted: an image in them had been seen in an earlier pair, so memory helps."
    )


def machine_sentence(results: Results) -> str:
    """What the machine's figures are, or why there are none."""
    if results.machine is None:
        return results.why_not
    return (
        f"The machine is the test of run {results.machine.run}'s audit, a classifier that had to tell photos "
        "from made images. Its figure is how often it would find the photo in such a pair (AUC)."
    )


# -- the page --------------------------------------------------------------------------------------


def section(results: Results, strip: Strip) -> str:
    """The blind test as a part of a run's page, as HTML; "" when nobody has answered.

    ``strip`` shows (id, caption) of images as HTML.
    """
    summary, machine = results.summary, results.machine
    if not summary.total.n:
        return ""
    people = "".join(
        f"<p>{escape(found_sentence(who, score))} {escape(found_verdict(score))}</p>"
        for who, score in summary.persons
    )
    together = comparison(summary.total, machine.overall if machine else None)
    rows = "".join(_row(key, score, machine) for key, score in summary.generators)
    notes = (repeats_sentence(summary.repeats), machine_sentence(results))
    remarks = "".join(f"<p class='soft'>{escape(note)}</p>" for note in notes if note)
    return (
        f"<h2>Which fakes fool the eye</h2><p class='soft'>{escape(LEGEND)}</p>{people}"
        f"<p>{escape(together)}</p>"
        "<table><thead><tr><th>made by</th><th>passed for the photo (95% interval)</th><th>pairs</th>"
        f"<th></th><th>eye and machine</th></tr></thead><tbody>{rows}</tbody></table>{remarks}"
        + _pictures("Passed for a photo", passed(summary), strip)
        + _pictures("Caught", caught(summary), strip)
    )


def _row(key: tuple[str, str], score: Score, machine: MachineTest | None) -> str:
    value, low, high = score.fools
    beside = machine.by_source.get(key[0]) if machine else None
    return (
        f"<tr><th>{escape(generator_title(key))}</th>"
        f"<td class='number'>{percent(value)}% ({_range(low, high)})</td>"
        f"<td class='number'>{score.n:,}</td><td>{escape(passed_verdict(score))}</td>"
        f"<td>{escape(comparison(score, beside)) or '–'}</td></tr>"
    )


def _pictures(title: str, images: Sequence[Shown], strip: Strip) -> str:
    shown = strip([(one.id, image_note(one)) for one in images[:_MOST_SHOWN]])
    return f"<h3>{title}: {len(images):,}</h3>{shown}" if images else ""


def _pairs(n: int) -> str:
    return "1 pair" if n == 1 else f"{n:,} pairs"


def _range(low: float, high: float) -> str:
    return f"{percent(low)} to {percent(high)}%"
