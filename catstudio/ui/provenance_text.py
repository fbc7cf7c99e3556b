"""Where an image comes from, as sentences that a person reads. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catstudio.core.changes import count_images
from catstudio.core.types import ImageRecord, Parent, Provenance
from catstudio.core.wording import size_text
from catstudio.sources import SOURCES, augment
from catstudio.sources.blend import MODES
from catstudio.studio.adapters import learned_parents

_MONTHS = (
    "January February March April May June July August September October November December"
).split()

# Settings in the order that a person asks for them; the rest follow by their own names.
_TITLES = {
    "model": "Model",
    "revision": "Revision",
    "prompt": "Prompt",
    "negative_prompt": "Avoid",
    "seed": "Seed",
    "scheduler": "Scheduler",
    "num_inference_steps": "Steps",
    "guidance_scale": "Guidance scale",
    "strength": "Strength",
    "variety": "Variety",
    "balance": "Balance",
    "size": "Size",
    "mode": "Start from",
    "score": "Score",
    "captured_at": "Taken",
    "plan": "Changes",
}
_WORDS = {"plan": augment.describe}
"""Settings that have a way of their own to be told."""
_ELSEWHERE = ("flags", "captured_at", "seeds", "order", "label_from", "soft_label", "points")
"""Said in the sentence, or shown as parents; a morph's points are for a machine alone."""
_LONG = 90


def sentence(record: ImageRecord, names: Mapping[str, str]) -> str:
    """One sentence on the making of ``record``; ``names`` are its parents' file names by id."""
    provenance = record.provenance
    tell = _TELLERS.get(provenance.source, _other)
    learned = learned_parents(provenance)
    parents = tuple(one for one in provenance.parents if one not in learned)
    return tell(provenance, _parents(parents, names))


def settings(record: ImageRecord) -> list[tuple[str, str]]:
    """What made the image, as (title, value) rows, by the titles that its source declares."""
    params = record.provenance.params
    source = SOURCES.get(record.source)
    declared = {p.name: p for p in source.parameters} if source else {}
    rows: list[tuple[str, str]] = []
    for name in [*(n for n in _TITLES if n in params), *(n for n in params if n not in _TITLES)]:
        if name in _ELSEWHERE or params[name] in ("", None, [], {}):
            continue
        parameter, value = declared.get(name), _WORDS.get(name, value_text)(params[name])
        title = _TITLES.get(name, name.replace("_", " ").capitalize())
        if parameter is not None:
            title = parameter.title
            value = dict(parameter.choices).get(value, value)
            value = f"{value} {parameter.unit}".strip()
        rows.append((title, value))
    return rows


def facts(record: ImageRecord, size_bytes: int | None = None) -> list[tuple[str, str]]:
    """The file's own facts, as (title, value) rows."""
    rows = [
        ("File", record.name),
        ("Format", record.format),
        ("Size", f"{record.width:,} × {record.height:,} px"),
    ]
    if size_bytes is not None:
        rows.append(("On disk", size_text(size_bytes)))
    rows.append(("Added", f"{day(record.created)} by {record.author}"))
    provenance = record.provenance
    if provenance.license:
        rows.append(("Licence", provenance.license))
    if provenance.author:
        rows.append(("Author", provenance.author))
    if provenance.origin:
        rows.append(("Origin", provenance.origin))
    return rows


def flags(record: ImageRecord) -> tuple[str, ...]:
    """The generator's short notes for the reviewer, such as ``close to seed``."""
    noted = record.provenance.params.get("flags")
    return tuple(map(str, noted)) if isinstance(noted, list | tuple) else ()


def value_text(value: Any) -> str:
    """A setting in words: yes and no, at most three decimals, nested values side by side."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return ", ".join(f"{str(k).replace('_', ' ')} {value_text(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(value_text(one) for one in value)
    return str(value)


def day(iso_time: str) -> str:
    """The local day of an ISO 8601 or EXIF time: ``25 November 2026``; "" when it is neither."""
    text = iso_time.strip()
    try:
        if text[4:5] == ":":
            when = datetime.strptime(text[:10], "%Y:%m:%d").replace(tzinfo=UTC)
        else:
            when = datetime.fromisoformat(text)
            when = when.astimezone() if when.tzinfo else when
    except ValueError:
        return ""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


# -- one teller a source ---------------------------------------------------------------------


def _photo(provenance: Provenance, _: str) -> str:
    taken = day(str(provenance.params.get("captured_at", "")))
    by = f" by {provenance.author}" if provenance.author else ""
    if taken:
        return f"A photograph, taken on {taken}{by}."
    return f"A photograph{by}."


def _vendor(provenance: Provenance, _: str) -> str:
    origin = provenance.origin
    where = Path(origin).name if "://" not in origin else origin
    text = f"A photograph from {where}" if where else "A photograph from a vendor"
    if provenance.author:
        text += f", by {provenance.author}"
    return f"{text}, licence {provenance.license}." if provenance.license else f"{text}."


def _drawing(provenance: Provenance, _: str) -> str:
    return f"Drawn by {provenance.author or 'hand'}."


def _other_tool(provenance: Provenance, _: str) -> str:
    return f"Made with another tool{' by ' + provenance.author if provenance.author else ''}."


def _copy(_: Provenance, parents: str) -> str:
    return f"An exact copy of {parents or 'an image'}."


def _augment(provenance: Provenance, parents: str) -> str:
    return f"Made from {parents or 'an image'} by augmentation{_detail(provenance, 'strength')}."


def _blend(provenance: Provenance, parents: str) -> str:
    detail = "" if parents else _detail(provenance, "balance")  # The parents' shares say it.
    mode = MODES.get(str(provenance.params.get("mode", "")))
    way = f" {mode.says}" if mode else ""
    text = f"Blended from {parents or 'two images'}{way}{detail}."
    shares = provenance.params.get("soft_label")
    if isinstance(shares, dict) and len(shares) > 1:
        parts = [f"{share:.0%} {label}" for label, share in shares.items()]
        text += f" Labelled by its parents: {', '.join(parts[:-1])} and {parts[-1]}."
    return text


def _seed(provenance: Provenance, parents: str) -> str:
    source = "noise" if provenance.params.get("mode") == "noise" and not parents else parents
    detail = _detail(provenance, "strength", "variety")
    return f"Generated from {source or 'an image'} by seed diffusion{detail}."


def _diffusers(provenance: Provenance, parents: str) -> str:
    params = provenance.params
    model = str(params.get("model", "")).rstrip("/").split("/")[-1] or "a diffusion model"
    start = f" from {parents}" if parents else ""
    text = f"Generated{start} by {model}"
    if learned := len(learned_parents(provenance)):
        text += f", taught by {count_images(learned)}"
    prompt = str(params.get("prompt", "")).strip()
    if prompt:
        short = prompt if len(prompt) <= _LONG else prompt[: _LONG - 1].rstrip() + "…"
        text += f", prompt “{short}”"
    return text + _detail(provenance, *(["strength"] if parents else []), "seed") + "."


def _other(provenance: Provenance, parents: str) -> str:
    source = SOURCES.get(provenance.source)
    title = source.title if source else provenance.source
    return f"Made from {parents} by {title}." if parents else f"Made by {title}."


_TELLERS: dict[str, Callable[[Provenance, str], str]] = {
    "photo": _photo,
    "vendor": _vendor,
    "drawing": _drawing,
    "other-tool": _other_tool,
    "copy": _copy,
    "augment": _augment,
    "blend": _blend,
    "seed": _seed,
    "diffusers": _diffusers,
}


def _detail(provenance: Provenance, *wanted: str) -> str:
    params = provenance.params
    return "".join(
        f", {name} {value_text(params[name])}"
        for name in wanted
        if isinstance(params.get(name), int | float)
    )


def _parents(parents: tuple[Parent, ...], names: Mapping[str, str]) -> str:
    """``a.jpg (60%) and b.jpg (40%)``; shares only where there are several parents."""
    if not parents:
        return ""
    if len(parents) > 3:
        return f"{len(parents)} images"
    told = [names.get(parent.id, "an image no longer here") for parent in parents]
    if len(parents) > 1 and any(parent.share != 1.0 for parent in parents):
        told = [f"{name} ({p.share:.0%})" for name, p in zip(told, parents, strict=True)]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
