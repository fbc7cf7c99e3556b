"""The ladder's report as one self-contained HTML page: everything escaped, pictures inside."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Any

from catstudio.cli.ladder import TURKEYS, credits_of
from catstudio.core.types import ImageRecord, State
from catstudio.sources import SOURCES
from catstudio.studio import Studio

_SHOWN = 6
"""Generated images shown of each source."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2529; --soft: #5b676d; --ground: #fbfaf7;
  --card: #ffffff; --line: #dfe3e2; --accent: #1f6f78; --bad: #b3261e; --open: #8a6d00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9eeee; --soft: #a3b0b4; --ground: #14191b;
  --card: #1c2326; --line: #323c40; --accent: #6cc5cd; --bad: #ff8a80; --open: #f0c75e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  margin: 0 auto; padding: 32px 24px; max-width: 1080px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
p { max-width: 70ch; } .soft { color: var(--soft); font-weight: normal; }
table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { border: 1px solid var(--line); padding: 8px; text-align: left; vertical-align: top; }
td.answer { text-align: center; font-variant-numeric: tabular-nums; }
td.trained { white-space: nowrap; }
td.cat { color: var(--bad); font-weight: 600; } td.open { color: var(--open); }
img { display: block; width: 96px; height: 96px; object-fit: contain; }
.strip { display: flex; gap: 8px; flex-wrap: wrap; }
"""


def page(report: dict[str, Any], studio: Studio, examples: Path) -> str:
    """The page for ``report`` (see :mod:`.demo`); thumbnails are taken from the project."""
    heads = "".join(
        f"<th>{_picture((examples / 'not-cat' / f'{name}.jpg').read_bytes(), name)}"
        f"{escape(name)}</th>"
        for name in TURKEYS
    )
    rows = "".join(_row(rung) for rung in report["rungs"])
    first = report["rungs"][0]["turkeys"]["n"]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(report["title"])}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{_STYLE}</style></head><body>
<h1>{escape(report["title"])}</h1>
<p class="soft">CatStudio {escape(report["catstudio"])} · {report["seconds"]:.0f} seconds ·
nothing was downloaded</p>
<p>From one photo of a cat there are many ways to a large number of images. Each rung below is one
of them: a model was trained on it and asked about {first} photographs that show no cat and that it
never saw. A model that knows what it does not know leaves them open.</p>
<p><strong>{escape(report["cats"]["why_not"])}</strong></p>
<table><thead><tr><th>rung</th><th>trained on</th>{heads}
<th>called a cat with confidence</th></tr></thead><tbody>{rows}</tbody></table>
<p class="soft">"With confidence" means a probability of {report["confident_from"]:.0%} or more and
no abstention. Six photographs are few: the counts show the kind of answer, not a rate.</p>
{_strips(studio)}
<p class="soft">{_credit_line(examples)}</p>
</body></html>
"""


def _row(rung: dict[str, Any]) -> str:
    trained = "<br>".join(f"{_title(k)}: {v:,}" for k, v in rung["n_train"].items())
    turkeys = rung["turkeys"]
    cells = "".join(_cell(answer) for answer in turkeys["answers"])
    return (
        f"<tr><th>{escape(rung['title'])}<br><span class='soft'>{escape(rung['what'])}</span></th>"
        f"<td class='trained'>{trained}</td>{cells}"
        f"<td class='answer'>{turkeys['called_cat_with_confidence']} of {turkeys['n']}</td></tr>"
    )


def _cell(answer: dict[str, Any]) -> str:
    if answer["abstains"]:
        return f"<td class='answer open'>left open<br>({escape(answer['label'])}?)</td>"
    kind = " cat" if answer["label"] == "cat" else ""
    return f"<td class='answer{kind}'>{escape(answer['label'])}<br>{answer['probability']:.0%}</td>"


def _strips(studio: Studio) -> str:
    """A row of thumbnails for each source that the cats came from."""
    by_source: dict[str, list[ImageRecord]] = {}
    for image in studio.images():
        if image.label == "cat" and image.state is State.ACCEPTED:
            by_source.setdefault(image.source, []).append(image)
    return "".join(
        f"<h2>{_title(source)}: {len(images)}</h2><div class='strip'>"
        + "".join(
            _picture(studio.thumbnail(image, 128).read_bytes(), image.name)
            for image in images[:_SHOWN]
        )
        + "</div>"
        for source, images in by_source.items()
    )


def _credit_line(examples: Path) -> str:
    """Who took the photos that the page shows, and their licences."""
    known = credits_of(examples)
    shown = ["cat/chelsea.jpg", *(f"not-cat/{name}.jpg" for name in TURKEYS)]
    parts = [f"{name.split('/')[1][:-4]}: {known[name][1]}, {known[name][0]}" for name in shown]
    return escape("Photographs: " + "; ".join(parts) + ".")


def _title(source: str) -> str:
    return escape(SOURCES[source].title if source in SOURCES else source)


def _picture(jpeg: bytes, name: str) -> str:
    return (
        f'<img alt="{escape(name)}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
    )
