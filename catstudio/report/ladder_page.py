"""Huxley's ladder as one self-contained HTML page: everything escaped, pictures and chart inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from catstudio.report.ladder_chart import PALETTES, chart
from catstudio.report.style import STYLE
from catstudio.sources import SOURCES

Json = Mapping[str, Any]
Picture = tuple[str, bytes]
"""A picture's name and its JPEG."""


def page(
    report: Json,
    *,
    strips: Sequence[tuple[str, Sequence[Picture]]],
    strangers: Sequence[Picture],
    credit: str,
    audit: str = "",
) -> str:
    """``strips`` are pictures by source; ``strangers`` the free photos that each rung was asked
    about; ``audit`` the file beside this one that tells of the last rung, "" for none."""
    rungs = report["rungs"]
    rows = "".join(_row(rung) for rung in rungs)
    title = escape(report["title"])
    measured = next((rung["metrics"] for rung in rungs if rung.get("metrics")), None)
    n = f"<br><span class='soft'>n = {measured['n']}</span>" if measured else ""
    link = (
        f'<p><a href="{escape(audit)}">The last rung, questioned</a>: what each source bought, and '
        "the flaws that no eye sees.</p>"
        if audit
        else ""
    )
    pictures = "".join(f"<h2>{escape(name)}</h2>{_strip(shown)}" for name, shown in strips)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style></head><body>
<h1>{title}</h1>
<p class="soft">CatStudio {escape(report["catstudio"])} · {report["seconds"]:.0f} seconds</p>
<p>From one photo of a cat there are many ways to a large number of images. Each rung below is one
of them: a model was trained on it, measured on real photos that none of them saw, and asked about
strangers, which are photos of neither a cat nor anything it was trained on. A model that knows what
it does not know leaves those open.</p>
<p>{escape(what_on(report))}</p>
{chart(rungs, PALETTES["page"])}
<h2>What each rung taught</h2>
<table><thead><tr><th>rung</th><th>trained on</th><th>balanced accuracy{n}</th><th>AUC{n}</th>
<th>strangers called a cat with confidence</th><th>what it taught</th></tr></thead>
<tbody>{rows}</tbody></table>
<p class="soft">In brackets: the 95% interval, in which the true figure most likely lies. "With
confidence" means a probability of {report["confident_from"]:.0%} or more and no abstention.
AUC: how often a photo of a cat ranks above one of something else; 0.5 is chance. "As varied as":
how many images that have nothing in common would be as various (Vendi score).</p>
{link}
<h2>The strangers that come with CatStudio</h2>{_strip(strangers)}
{_answers(rungs)}
{pictures}
<p class="soft">{escape("Photographs: " + credit + ".")}</p>
</body></html>
"""


def what_on(report: Json) -> str:
    """What the figures rest on, or why there are none."""
    cats = report["cats"]
    if not cats["n"]:
        return str(cats["why_not"])
    n = cats["n"] + cats["n_other"]
    few = " That is few, so the intervals are wide." if cats["n"] < _FEW else ""
    return (
        f"Measured on {n} real photos that no rung was trained on: {cats['n']} of cats and "
        f"{cats['n_other']} of other things, the same at every rung.{few}"
    )


_FEW = 20


def figure(metrics: Json | None, name: str) -> str:
    """``0.81 (0.74 to 0.86)``; "" where it was not measured."""
    if not metrics or metrics[name]["value"] is None:
        return ""
    value, low, high = (metrics[name][key] for key in ("value", "low", "high"))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def strangers_told(turkeys: Json) -> str:
    """``2 of 13 (4 to 42%)``."""
    sure = turkeys["called_cat_with_confidence"]
    return f"{sure} of {turkeys['n']} ({turkeys['low']:.0%} to {turkeys['high']:.0%})".replace(
        "% to", " to"
    )


def _row(rung: Json) -> str:
    head = (
        f"<tr><th>{escape(rung['title'])}<br><span class='soft'>{escape(rung['what'])}</span></th>"
    )
    if "skipped" in rung:
        return f"{head}<td colspan='5' class='soft'>{escape(rung['skipped'])}</td></tr>"
    trained = "<br>".join(f"{_title(k)}: {v:,}" for k, v in rung["n_train"].items())
    missing = "<span class='soft'>not measured</span>"
    figures = "".join(
        f"<td class='trained'>{escape(figure(rung['metrics'], name)) or missing}</td>"
        for name in ("balanced_accuracy", "auc")
    )
    kind = " class='cat'" if rung["turkeys"]["called_cat_with_confidence"] else ""
    return (
        f"{head}<td class='trained'>{trained}</td>{figures}"
        f"<td{kind}>{escape(strangers_told(rung['turkeys']))}</td><td>{escape(rung['taught'])}</td></tr>"
    )


def _answers(rungs: Sequence[Json]) -> str:
    """What each rung says of each stranger."""
    asked = [rung for rung in rungs if "skipped" not in rung]
    if not asked:
        return ""
    heads = "".join(f"<th>{escape(rung['title'])}</th>" for rung in asked)
    photos = [answer["photo"] for answer in asked[0]["turkeys"]["answers"]]
    rows = "".join(
        f"<tr><th>{escape(photo)}</th>"
        + "".join(_cell(rung["turkeys"]["answers"][at]) for rung in asked)
        + "</tr>"
        for at, photo in enumerate(photos)
    )
    return (
        "<details><summary><strong>What each rung says of each stranger</strong></summary>"
        f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _cell(answer: Json) -> str:
    if answer["abstains"]:
        return f"<td class='answer open'>left open<br>({escape(answer['label'])}?)</td>"
    kind = " cat" if answer["label"] == "cat" else ""
    return f"<td class='answer{kind}'>{escape(answer['label'])}<br>{answer['probability']:.0%}</td>"


def _strip(pictures: Sequence[Picture]) -> str:
    shown = "".join(
        f"<figure>{_picture(jpeg, name)}<figcaption>{escape(name)}</figcaption></figure>"
        for name, jpeg in pictures
    )
    return f"<div class='strip'>{shown}</div>"


def _title(source: str) -> str:
    return escape(SOURCES[source].title if source in SOURCES else source)


def _picture(jpeg: bytes, name: str) -> str:
    return (
        f'<img alt="{escape(name)}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
    )
