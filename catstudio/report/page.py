"""One run as one self-contained HTML page: everything escaped, pictures and charts inside."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from catstudio.report import audit_words, svg, wording
from catstudio.report.style import STYLE

if TYPE_CHECKING:
    from catstudio.learn.blind import Results

Json = Mapping[str, Any]
Picture = Callable[[str], bytes | None]
"""The JPEG of an image by its id; None when it is gone."""

_MOST_MISTAKES, _MOST_SHOWN = 24, 8
COLORS = {
    "photo": "#1f6ece", "vendor": "#2899cf", "drawing": "#c88541", "other-tool": "#6a6b6d",
    "copy": "#8a7a20", "augment": "#008657", "blend": "#d66697", "seed": "#d04f00",
    "diffusers": "#7c409e",
}  # fmt: skip
"""One colour a source, as in the window; each readable on light and on dark."""

_WORDS = (
    ("Real photo", "A photograph of the world. Only those are tested on."),
    ("Lineage", "A photo and everything made from it. It is trained on or tested on as a whole."),
    (
        "Interval",
        "Where the true figure lies, most likely: of a hundred such intervals about 95 are right.",
    ),
    ("n", "How many photos a figure rests on. With few, the interval is wide."),
    (
        "AUC",
        "How often a photo of a label ranks above one of the others: 1 is perfect, 0.5 is chance. "
        "It does not depend on where the line between yes and no is drawn (the threshold).",
    ),
    (
        "Learned, or moved the threshold",
        "Added images can raise the score by teaching something, or only by moving the line "
        "between yes and no. The second costs nothing and buys little.",
    ),
    (
        "Count as (effective number)",
        "How many completely different images would be as various as these (Vendi score): "
        "30,000 copies of one photo count as 1.",
    ),
    (
        "Shapley value",
        "The share of the final score that a source earns, averaged over every order in which "
        "the sources could have been added.",
    ),
)


def page(
    title: str,
    number: int,
    report: Json,
    audit: Json | None,
    picture: Picture,
    eye: Results | None = None,
) -> str:
    """The page of run ``number``; ``title`` is the project's name, ``eye`` its blind test."""
    parts = [
        f"<h1>{escape(title)}, run {number}</h1>",
        _head(report, audit),
        _answer(report),
        _next(audit or {}, picture),
        _sources(audit or {}),
        _checks(audit, picture),
        _eye(eye, picture),
        _confusion(report),
        _costs((audit or {}).get("answered")),
        _mistakes(report, picture),
        _used(report),
        _glossary(),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}, run {number}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n{''.join(parts)}\n</body></html>\n"
    )


def _head(report: Json, audit: Json | None) -> str:
    facts = [f"labels: {', '.join(map(str, report.get('labels') or ()))}"]
    facts += [f"backbone: {report['backbone']}"] if report.get("backbone") else []
    if audit:
        facts += [f"questioned {audit.get('created', '')[:16].replace('T', ' ')} UTC"]
        facts += [f"CatStudio {audit['catstudio']}"] if audit.get("catstudio") else []
    return f'<p class="soft">{escape(" · ".join(facts))}</p>'


def _answer(report: Json) -> str:
    lines = [f'<p class="answer">{escape(wording.answer_sentence(report))}</p>']
    baseline = wording.baseline_sentence(report)
    if baseline and "lways answering" not in wording.answer_sentence(report):
        lines.append(f"<p>{escape(baseline)}</p>")
    metrics = wording.metrics_of(report)
    if metrics:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td class='number'>{escape(value)}</td>"
            f"<td class='number'>{escape(interval)}</td><td class='number'>{escape(n)}</td>"
            f"<td class='soft'>{escape(meaning)}</td></tr>"
            for name, value, interval, n, meaning in wording.figure_rows(metrics)
        )
        lines.append(
            "<table><thead><tr><th>figure</th><th>value</th><th>95% interval</th><th>photos</th>"
            f"<th>what it means</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    notes = [str(note) for note in report.get("notes") or ()]
    notes += [wording.synthetic_sentence(report), wording.missing_sentence(report)]
    lines += [f'<p class="soft">{escape(note)}</p>' for note in notes if note]
    return "".join(lines)


def _next(audit: Json, picture: Picture) -> str:
    steps = audit.get("next") or ()
    if not steps:
        return ""
    items = "".join(
        f"<li><strong>{escape(str(step['title']))}</strong><br>{escape(str(step['text']))}"
        f"{_strip([(str(id_), '') for id_ in step.get('images') or ()][:_MOST_SHOWN], picture)}</li>"
        for step in steps
    )
    return f"<h2>What to do next</h2><ol>{items}</ol>"


def _sources(audit: Json) -> str:
    sources = audit.get("sources") or ()
    summary = audit_words.sources_summary(audit) if audit else ""
    if not sources:
        return f"<h2>What each source bought</h2><p>{escape(summary)}</p>" if summary else ""
    bars = [_bar(one["source"], one["ablation"]) for one in sources if one.get("ablation")]
    chart = svg.interval_bars(bars, "points of balanced accuracy") if bars else ""
    rows = "".join(_source_row(one) for one in sources)
    return (
        f"<h2>What each source bought</h2><p>{escape(summary)}</p>{chart}"
        "<table><thead><tr><th>source</th><th>images</th><th>count as</th><th>change of the score, "
        "points (95% interval)</th><th>Shapley value, points</th><th>worth in real photos</th><th></th></tr>"
        f"</thead><tbody>{rows}</tbody></table>{_curve(audit)}"
    )


def _bar(source: str, change: Json) -> svg.Bar:
    low, high = 100 * change["low"], 100 * change["high"]
    title = audit_words.source_title(source)
    return svg.Bar(title, 100 * change["delta"], low, high, color(source))


def _source_row(one: Json) -> str:
    change, worth = one.get("ablation"), one.get("worth_real_photos")
    changed = ""
    if change:
        low, high = 100 * change["low"], 100 * change["high"]
        changed = f"{100 * change['delta']:+.1f} ({low:+.1f} to {high:+.1f}), n = {change['n']}"
    shapley = f"{100 * one['shapley']:+.1f}" if one.get("shapley") is not None else ""
    exchange = escape(str(worth["text"])) if worth else "–"
    return (
        f"<tr><th>{escape(audit_words.source_title(one['source']))}</th>"
        f"<td class='number'>{one['n']:,}</td><td class='number'>{one['effective_n']:.1f}</td>"
        f"<td class='number'>{changed}</td><td class='number'>{shapley}</td>"
        f"<td>{exchange}</td><td>{escape(audit_words.source_change(one))}</td></tr>"
    )


def _curve(audit: Json) -> str:
    curve = audit.get("learning_curve")
    if not curve or len(curve.get("points") or ()) < 2:
        return ""
    points = [(p["n"], 100 * p["mean"], 100 * p["low"], 100 * p["high"]) for p in curve["points"]]
    levels = [
        svg.Level(f"+ {audit_words.source_title(source).lower()}", value, color(source))
        for source, value in audit_words.curve_levels(audit)
    ]
    text = escape(str(curve.get("text", "")))
    return f"<h3>What more real photos buy</h3>{svg.learning_curve(points, levels)}<p>{text}</p>"


def _checks(audit: Json | None, picture: Picture) -> str:
    if audit is None:
        return "<h2>Flaws that no eye sees</h2><p>This run was not questioned yet.</p>"
    checks = audit.get("checks") or ()
    rows = "".join(_check(check, picture) for check in audit_words.gravest_first(checks))
    summary = escape(audit_words.checks_summary(checks))
    return f"<h2>Flaws that no eye sees</h2><p>{summary}</p>{rows}"


def _eye(eye: Results | None, picture: Picture) -> str:
    if eye is None:
        return ""
    # numpy comes in with it: the window, which knows this page's words, shows sooner without.
    from catstudio.report import blind_words

    return blind_words.section(eye, lambda images: _strip(images, picture))


def _check(check: Json, picture: Picture) -> str:
    verdict = str(check["verdict"])
    word = audit_words.VERDICT_WORDS[verdict]
    points = audit_words.reliability_points(check)
    figure = audit_words.check_figure(check)
    advice = str(check.get("advice") or "")
    body = [
        f"<p>{escape(str(check['question']))}</p>",
        f"<p><strong>{escape(figure)}</strong></p>" if figure else "",
        f'<p class="soft">{escape(str(check["meaning"]))}</p>',
        f"<p>What to do: {escape(advice)}</p>" if advice else "",
        svg.reliability(points) if points else "",
        _strip(audit_words.shown_images(check)[:_MOST_SHOWN], picture),
        f'<p class="soft">Method: {escape(str(check["source"]))}</p>',
    ]
    is_open = " open" if verdict == "problem" else ""
    return (
        f'<details{is_open}><summary><span class="{verdict}">{word}</span> · '
        f"<strong>{escape(str(check['title']))}</strong>: {escape(str(check['text']))}</summary>"
        f"{''.join(body)}</details>"
    )


def _confusion(report: Json) -> str:
    metrics = wording.metrics_of(report)
    table = metrics.get("confusion")
    if not table:
        return ""
    names = [escape(str(name)) for name in metrics.get("labels") or ()]
    heads = "".join(f"<th>called {name}</th>" for name in names)
    rows = ""
    for i, (name, counts) in enumerate(zip(names, table, strict=True)):
        total = sum(counts)
        cells = "".join(
            f"<td class='answer{' right' if i == j else ''}'>{n:,}<br>"
            f"<span class='soft'>{100 * n / total if total else 0:.0f}%</span></td>"
            for j, n in enumerate(counts)
        )
        rows += f"<tr><th>real {name} (n = {total:,})</th>{cells}</tr>"
    return (
        "<h2>What is called what</h2><table><thead><tr><th></th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _costs(answered: Json | None) -> str:
    if not answered:
        return ""
    from catstudio.report import cost_section  # numpy comes in with it, as above.

    return cost_section.section(answered)


def _mistakes(report: Json, picture: Picture) -> str:
    if not wording.metrics_of(report):
        return ""
    mistakes = report.get("mistakes") or ()
    n = wording.test_count(report)
    if not mistakes:
        return f"<h2>No mistakes</h2><p>All of the {n:,} real test photos were called right.</p>"
    shown: list[tuple[str, str]] = [
        (
            str(one["id"]),
            f"{one['label']}, called {one['predicted']} "
            f"({wording.percent(float(one['probability']))}%)",
        )
        for one in mistakes[:_MOST_MISTAKES]
    ]
    first = f"the {_MOST_MISTAKES} surest" if len(mistakes) > _MOST_MISTAKES else "the surest first"
    return (
        f"<h2>Mistakes: {len(mistakes):,} of {n:,} real test photos</h2>"
        f'<p class="soft">{first}</p>{_strip(shown, picture)}'
    )


def _used(report: Json) -> str:
    counts: Mapping[str, Any] = report.get("n_train") or {}
    titles = {key: audit_words.source_title(key).lower() for key in counts}
    trained = wording.counted(counts, titles)
    tested = wording.counted(report.get("n_test") or {}) or "no real photo"
    return (
        f"<h2>What it was made of</h2><p>Trained on {escape(trained)}.<br>"
        f"Tested on {escape(tested)}, real photos only.</p>"
    )


def _glossary() -> str:
    words = "".join(f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in _WORDS)
    return f"<h2>What the words mean</h2><dl>{words}</dl>"


def _strip(images: Sequence[tuple[str, str]], picture: Picture) -> str:
    figures = []
    for id_, caption in images:
        data = picture(id_)
        inside = (
            f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
            if data
            else "<span class='soft'>(no longer here)</span>"
        )
        figures.append(f"<figure>{inside}<figcaption>{escape(caption)}</figcaption></figure>")
    return f'<div class="strip">{"".join(figures)}</div>' if figures else ""


def color(source: str) -> str:
    """The colour of a source."""
    return COLORS.get(source, "#6a6b6d")
