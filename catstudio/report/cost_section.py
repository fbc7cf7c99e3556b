"""Where another threshold than the usual one is cheaper, as a part of a run's page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from catstudio.learn.answered import costs_by, says_something
from catstudio.report import cost_words, svg

Json = Mapping[str, Any]


def section(answered: Json) -> str:
    """A heading, and for each label where it says something: sentence, chart and table; else "".

    Of ``cat`` and ``not-cat`` it is told for ``cat`` alone: the other's threshold is the same
    one, turned round. Both kinds of mistakes cost 1.
    """
    labels = list(answered["labels"])
    obvious = cost_words.obvious_label(labels)
    wanted = [obvious] if obvious else labels[:1] if len(labels) == 2 else labels
    found = [costs_by(answered, label, 1.0, 1.0) for label in wanted]
    parts = [_part(one) for one in found if says_something(one)]
    if not parts:
        return ""
    start = (
        "Where every mistake costs 1, another threshold than the usual one is already cheaper. "
        "The window shows it for any costs."
    )
    return f"<h2>What a mistake costs</h2><p>{escape(start)}</p>{''.join(parts)}"


def _part(found: Json) -> str:
    chart = svg.cost_curve(cost_words.curve(found), cost_words.marks(found), found["label"])
    heads, *rows = cost_words.table(found)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        f"<tr><th>{escape(row[0])}</th>"
        + "".join(f"<td class='number'>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f"<p>{escape(found['text'])}</p>{chart}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
