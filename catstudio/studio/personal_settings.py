"""The settings of a personal adapter, declared once for the window's fields and the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catstudio.core.errors import BadInputError
from catstudio.jobs.requests import AdapterSettings
from catstudio.sources.base import Kind, Parameter

METHODS = (("lora", "LoRA"), ("textual-inversion", "Textual inversion"))
_LEARNING_RATES = {"lora": 1e-4, "textual-inversion": 5e-3}
_WORDS = {"lora": "sks", "textual-inversion": "<{label}-word>"}
_CAPTIONS = {"lora": "a photo of {trigger} {label}", "textual-inversion": "a photo of {trigger}"}


def _number(
    name: str, title: str, default: float, low: float, high: float, **more: Any
) -> Parameter:
    kind = more.pop("kind", Kind.INT)
    return Parameter(name=name, title=title, kind=kind, default=default, low=low, high=high, **more)


PARAMETERS = (
    Parameter(
        name="method",
        title="Method",
        kind=Kind.CHOICE,
        default="lora",
        choices=METHODS,
        help="A LoRA changes the model a little; textual inversion only learns a new word for it.",
    ),
    Parameter(
        name="trigger_word",
        title="Trigger word",
        kind=Kind.TEXT,
        default="",
        help="The word that calls it up in a prompt. Empty: sks, or <LABEL-word> for a new word.",
    ),
    _number("steps", "Steps", 500, 1, 20_000, step=50, help="More learn more, and copy more."),
    _number(
        "rank",
        "Rank",
        8,
        1,
        256,
        step=4,
        help="How much a LoRA can hold; 4 to 16 suit one subject.",
    ),
    _number(
        "resolution",
        "Resolution",
        512,
        32,
        2048,
        step=64,
        unit="px",
        help="What the model was made for is best: 512 for Stable Diffusion 1.5, 1024 for SDXL.",
    ),
    Parameter(
        name="caption",
        title="Caption",
        kind=Kind.TEXT,
        default="",
        is_advanced=True,
        help="What the model is told of each photo; {trigger} and {label} are filled in.",
    ),
    Parameter(
        name="use_tags",
        title="Add each photo's tags to its caption",
        kind=Kind.BOOL,
        default=True,
        is_advanced=True,
        help="What is named is not mistaken for the subject: indoors, on grass.",
    ),
    Parameter(
        name="random_flip",
        title="Learn mirror images too",
        kind=Kind.BOOL,
        default=True,
        is_advanced=True,
        help="Off where left and right differ: writing, a marking on one side.",
    ),
    _number("batch_size", "Photos a step", 1, 1, 64, is_advanced=True),
    _number(
        "alpha", "Alpha", 0, 0, 512, is_advanced=True, help="A LoRA's strength; 0 takes the rank."
    ),
    _number(
        "vectors",
        "Vectors",
        1,
        1,
        16,
        is_advanced=True,
        help="Textual inversion: how many embeddings the word stands for.",
    ),
    _number(
        "learning_rate",
        "Learning rate",
        0.0,
        0.0,
        0.1,
        kind=Kind.FLOAT,
        step=0.0001,
        is_advanced=True,
        help="0 takes the method's usual: 0.0001 for a LoRA, 0.005 for textual inversion.",
    ),
    _number("warmup_steps", "Warm-up", 10, 0, 1000, unit="steps", is_advanced=True),
    _number(
        "min_snr_gamma",
        "Min-SNR",
        5.0,
        0.0,
        20.0,
        kind=Kind.FLOAT,
        step=0.5,
        is_advanced=True,
        help="Keeps the easy noise levels from ruling; 0 weighs all alike.",
    ),
    _number(
        "sample_every", "Pictures every", 100, 1, 20_000, step=50, unit="steps", is_advanced=True
    ),
    _number("samples", "Pictures", 2, 0, 4, is_advanced=True, help="Sample pictures; 0 for none."),
)
"""Every setting, for the window's fields and the command line's options."""


def options_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, ``given`` ones checked. Raises :class:`BadInputError`."""
    known = {parameter.name: parameter for parameter in PARAMETERS}
    for name in given:
        if name not in known:
            raise BadInputError(
                f"Personalise has no setting called {name!r}.", f"It knows: {', '.join(known)}."
            )
    return {n: p.checked(given[n]) if n in given else p.default for n, p in known.items()}


def trigger_word(options: Mapping[str, Any], label: str) -> str:
    """The word that calls the adapter up; :class:`BadInputError` for what is not one word."""
    given = str(options["trigger_word"]).strip()
    word = given or _WORDS[options["method"]].format(label=slug(label))
    if re.search(r"[\s,:{}|()\[\]]", word) or len(word) > 40:
        raise BadInputError(
            f"The trigger word {word!r} is not one plain word.",
            "Give one without spaces, commas, colons or brackets, such as sks.",
        )
    return word


def default_name(project: str, label: str, word: str) -> str:
    """What an adapter is called when nobody says."""
    return f"{project} {label} {word}"


def caption_of(options: Mapping[str, Any], word: str, label: str) -> str:
    """What the model is told of a photo; :class:`BadInputError` for one without the word."""
    template = str(options["caption"]).strip() or _CAPTIONS[options["method"]]
    if "{trigger}" not in template:
        raise BadInputError(
            f"The caption {template!r} does not say {{trigger}}.",
            "Put {trigger} where the trigger word belongs: a photo of {trigger} {label}.",
        )
    return template.replace("{trigger}", word).replace("{label}", label)


def adapter_settings(checked: Mapping[str, Any], word: str, seed: int) -> AdapterSettings:
    """``checked`` as the worker takes them, with what zeros and empty texts stand for."""
    method = checked["method"]
    return AdapterSettings(
        method=method,
        trigger_word=word,
        rank=checked["rank"],
        alpha=checked["alpha"] or checked["rank"],
        vectors=checked["vectors"],
        resolution=checked["resolution"],
        learning_rate=checked["learning_rate"] or _LEARNING_RATES[method],
        warmup_steps=checked["warmup_steps"],
        batch_size=checked["batch_size"],
        min_snr_gamma=checked["min_snr_gamma"],
        random_flip=checked["random_flip"],
        seed=seed,
    )


def slug(text: str) -> str:
    """``text`` as a file is called: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "adapter"
