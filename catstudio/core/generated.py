"""Does a file say of itself that a program made it? Read from its metadata; pixels prove nothing here.

Absence means nothing: metadata is easily lost. Nothing is verified either: a C2PA signature is
not checked, its claim is only read.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from catstudio.core.metadata import Metadata, read_metadata

_LONGEST = 10_000  # Characters of a prompt that are kept.
_SOURCE_TYPE = re.compile(r"digitalsourcetype/([A-Za-z]+)", re.IGNORECASE)
_NOT_PHOTOGRAPHED = {
    one.lower(): one
    for one in (
        "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic",
        "algorithmicMedia", "dataDrivenMedia", "virtualRecording", "digitalCreation",
        "digitalArt", "softwareImage",
    )
}  # fmt: skip
"""IPTC's vocabulary (cv.iptc.org/newscodes/digitalsourcetype): the terms that no camera earns."""
_MAKERS = (
    ("OpenAI", re.compile(r"(?i)dall[·.\- ]?e\b|openai|chatgpt|\bgpt-?4o|\bgpt-image")),
    ("Midjourney", re.compile(r"(?i)midjourney")),
    ("Adobe Firefly", re.compile(r"(?i)adobe[ _]firefly")),
    ("Google AI", re.compile(r"(?i)(made|created) with google ai|google[ _](imagen|gemini)")),
    ("Bing Image Creator", re.compile(r"(?i)bing image creator|microsoft designer")),
    ("NovelAI", re.compile(r"(?i)novelai")),
    ("ComfyUI", re.compile(r"(?i)comfyui")),
    ("InvokeAI", re.compile(r"(?i)invoke ?ai")),
    ("Fooocus", re.compile(r"(?i)fooocus")),
    ("Stable Diffusion", re.compile(r"(?i)stable[ _-]?diffusion|dreamstudio|stability\.?ai")),
    ("Leonardo.Ai", re.compile(r"(?i)leonardo\.ai")),
    ("Ideogram", re.compile(r"(?i)\bideogram\b")),
)
_SAID_IN = ("Software", "ImageDescription", "Make", "Artist", "Credit", "Source", "Author", "IPTC")
_MIDJOURNEY = re.compile(r"(?i)\bJob ID: [0-9a-f-]{36}|\s--(v|niji|ar|stylize|chaos) \S+")
_A1111 = re.compile(r"\bSteps: \d+.*\b(Sampler|CFG scale|Seed): ?", re.DOTALL)


class Claim(Struct, frozen=True):
    """What a file says of how it came about.

    ``is_generated`` is True when it says that no camera took it; False for content credentials
    (C2PA) that say nothing of the kind. ``made_by`` names the program as far as known,
    ``evidence`` where that stands. Prompts are "" where there is none; ``settings`` is the line
    in which some programs write the rest (``Steps: 20, Sampler: ...``).
    """

    is_generated: bool
    made_by: str
    evidence: str
    prompt: str = ""
    negative_prompt: str = ""
    settings: str = ""

    def params(self) -> dict[str, Any]:
        """For the provenance: what made it and the prompts found, as plain JSON values."""
        pairs = {
            "made_by": self.made_by,
            "evidence": self.evidence,
            "prompt": self.prompt[:_LONGEST],
            "negative_prompt": self.negative_prompt[:_LONGEST],
            "parameters": self.settings[:_LONGEST],
        }
        return {key: value for key, value in pairs.items() if value}


def read_claim(data: bytes) -> Claim | None:
    """The claim in the metadata of an image file; None when there is none."""
    found = read_metadata(data)
    for rule in (_a1111, _comfy, _invoke, _novel, _midjourney):
        claim = rule(found.texts)
        if claim is not None:
            return claim
    return _declared(found) or _software(found) or _credentials(found)


def _a1111(texts: dict[str, str]) -> Claim | None:
    """The Stable Diffusion web UI's block, also written by Forge, Civitai and Fooocus."""
    for key in ("parameters", "UserComment", "Comment"):
        text = texts.get(key, "")
        if not _A1111.search(text):
            continue
        head = re.split(r"\n?Steps: \d+", text, maxsplit=1)[0]
        prompt, _, negative = head.partition("Negative prompt:")
        model = re.search(r"\bModel: ([^,\n]+)", text)
        maker = "Stable Diffusion web UI" + (f" ({model[1].strip()})" if model else "")
        settings = text[len(head) :].strip().partition("\n")[0]
        return Claim(True, maker, f"text {key!r}", prompt.strip(), negative.strip(), settings)
    return None


def _comfy(texts: dict[str, str]) -> Claim | None:
    for key in ("prompt", "workflow", "Make", "Model", "ImageDescription"):
        text = texts.get(key, "").strip("\0 ")
        graph = _json(
            text.removeprefix("prompt:").removeprefix("workflow:").removeprefix("Prompt:")
        )
        if key in ("Make", "Model", "ImageDescription") and not graph:
            continue
        nodes = {k: v for k, v in graph.items() if isinstance(v, dict) and "class_type" in v}
        if nodes:
            prompt, negative = _comfy_prompts(nodes)
            return Claim(True, "ComfyUI", f"text {key!r}", prompt, negative)
        if isinstance(graph.get("nodes"), list):
            return Claim(True, "ComfyUI", f"text {key!r}")
    return None


def _comfy_prompts(nodes: dict[str, Any]) -> tuple[str, str]:
    """The texts that lead into a sampler's two conditionings."""
    for node in nodes.values():
        inputs = node.get("inputs")
        if isinstance(inputs, dict) and "positive" in inputs:
            return _lead(nodes, inputs["positive"]), _lead(nodes, inputs.get("negative"))
    texts = [
        node["inputs"]["text"]
        for node in nodes.values()
        if isinstance(node.get("inputs"), dict) and isinstance(node["inputs"].get("text"), str)
    ]
    return (max(texts, key=len), "") if texts else ("", "")


def _lead(nodes: dict[str, Any], link: Any) -> str:
    for _ in range(10):
        if isinstance(link, str):
            return link
        node = nodes.get(str(link[0])) if isinstance(link, list) and link else None
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if not isinstance(inputs, dict):
            return ""
        link = next((inputs[k] for k in ("text", "conditioning", "positive") if k in inputs), None)
    return ""


def _invoke(texts: dict[str, str]) -> Claim | None:
    for key in ("invokeai_metadata", "sd-metadata", "invokeai_graph", "invokeai_workflow"):
        if key not in texts:
            continue
        said = _json(texts[key])
        prompt = said.get("positive_prompt")
        image = said.get("image")
        if prompt is None and isinstance(image, dict):
            prompt = image.get("prompt")
            if isinstance(prompt, list) and prompt and isinstance(prompt[0], dict):
                prompt = prompt[0].get("prompt")
        negative = said.get("negative_prompt")
        return Claim(True, "InvokeAI", f"text {key!r}", _string(prompt), _string(negative))
    if "Dream" in texts and " -s" in texts["Dream"]:
        return Claim(True, "InvokeAI", "text 'Dream'", texts["Dream"].partition('" ')[0].strip('"'))
    return None


def _novel(texts: dict[str, str]) -> Claim | None:
    if texts.get("Software", "") != "NovelAI":
        return None
    said = _json(texts.get("Comment", ""))
    prompt = said.get("prompt") or texts.get("Description", "")
    return Claim(True, "NovelAI", "text 'Software'", _string(prompt), _string(said.get("uc")))


def _midjourney(texts: dict[str, str]) -> Claim | None:
    for key in ("Description", "ImageDescription"):
        text = texts.get(key, "")
        if _MIDJOURNEY.search(text):
            prompt = re.split(r"\s--\w+ |\s*Job ID:", text, maxsplit=1)[0]
            return Claim(True, "Midjourney", f"text {key!r}", prompt.strip())
    return None


def _declared(found: Metadata) -> Claim | None:
    """IPTC's digital source type, in XMP or in the content credentials."""
    for where, text in (("XMP", found.xmp), ("C2PA", found.c2pa.decode("latin-1"))):
        for match in _SOURCE_TYPE.finditer(text):
            term = _NOT_PHOTOGRAPHED.get(match[1].lower())
            if term:
                maker = _maker(text) or _maker(found.c2pa.decode("latin-1")) or "unknown program"
                return Claim(True, maker, f"IPTC digital source type {term} in {where}")
    return None


def _software(found: Metadata) -> Claim | None:
    for key in _SAID_IN:
        maker = _maker(found.texts.get(key, ""))
        if maker:
            return Claim(True, maker, f"text {key!r}")
    creator = re.search(r"CreatorTool(?:=\"|>)([^\"<]{1,200})", found.xmp)
    credit = re.search(r"photoshop:Credit(?:=\"|>)([^\"<]{1,200})", found.xmp)
    for name, match in (("CreatorTool", creator), ("Credit", credit)):
        maker = _maker(match[1]) if match else ""
        if maker:
            return Claim(True, maker, f"XMP {name}")
    return None


def _credentials(found: Metadata) -> Claim | None:
    """Content credentials: cameras sign photographs too, so only a known generator's name counts."""
    if not found.c2pa:
        return None
    maker = _maker(found.c2pa.decode("latin-1"))
    return Claim(bool(maker), maker, "C2PA content credentials")


def _maker(text: str) -> str:
    return next((name for name, pattern in _MAKERS if pattern.search(text)), "")


def _json(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
