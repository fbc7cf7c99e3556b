"""What files say of how they were made: each generator's own way, cameras' signatures, and nothing."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zlib

import pytest
from PIL import Image, PngImagePlugin

from catstudio.core.generated import read_claim
from catstudio.core.metadata import MAX_TEXT, read_metadata

A1111 = (
    "a cat on a sofa, <lora:x:1>\nNegative prompt: blurry\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: dream_8"
)
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0], "negative": ["9", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a striped cat"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark"}},
    "9": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["7", 0]}},
}


def xmp(term: str, more: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description '
        f'Iptc4xmpExt:DigitalSourceType="{IPTC}{term}" {more}/></x:xmpmeta>'
    ).encode()


def png(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key.replace("__", "-"), text, zip=len(text) > 200)
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def png_xmp(term: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp(term).decode())
    return picture("PNG", pnginfo=info)


def picture(kind: str, **save: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(out, kind, **save)
    return out.getvalue()


def jpeg(comment: str = "", tag: int = 0x9286, **save: object) -> bytes:
    exif = Image.Exif()
    if tag == 0x9286:
        exif.get_ifd(0x8769)[tag] = b"UNICODE\0" + comment.encode("utf-16-be")
    else:
        exif[tag] = comment
    return picture("JPEG", exif=exif, **save)


def jumbf(content: bytes) -> bytes:
    """A C2PA store as far as it is read: a box that names itself, and its content."""
    body = b"....jumdc2pa" + content
    return struct.pack(">I4s", len(body) + 8, b"jumb") + body


def signed_jpeg(content: bytes, part: int = 60_000) -> bytes:
    """A JPEG with a C2PA box in APP11, in as many segments as it takes."""
    whole, box = picture("JPEG"), jumbf(content)
    head, rest = box[:8], box[8:]
    segments = b""
    for number, at in enumerate(range(0, len(rest), part), 1):
        body = b"JP" + struct.pack(">HI", 1, number) + head + rest[at : at + part]
        segments += b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body
    return whole[:2] + segments + whole[2:]


def signed_png(content: bytes) -> bytes:
    whole, body = png(), jumbf(content)
    chunk = struct.pack(">I4s", len(body), b"caBX") + body
    return whole[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + whole[33:]


@pytest.mark.parametrize(
    ("data", "maker", "prompt"),
    [
        (png(parameters=A1111), "Stable Diffusion web UI (dream_8)", "a cat on a sofa, <lora:x:1>"),
        (jpeg(A1111), "Stable Diffusion web UI (dream_8)", "a cat on a sofa, <lora:x:1>"),
        (png(prompt=json.dumps(GRAPH)), "ComfyUI", "a striped cat"),
        (png(workflow='{"nodes": []}'), "ComfyUI", ""),
        (jpeg("prompt:" + json.dumps(GRAPH), 0x0110), "ComfyUI", "a striped cat"),
        (png(invokeai_metadata='{"positive_prompt": "a fox"}'), "InvokeAI", "a fox"),
        (png(sd__metadata='{"image": {"prompt": [{"prompt": "a fox"}]}}'), "InvokeAI", "a fox"),
        (png(Dream='"a fox" -s 50 -S 1'), "InvokeAI", "a fox"),
        (png(Software="NovelAI", Comment='{"prompt": "a fox"}'), "NovelAI", "a fox"),
        (png(Description="a fox at night --ar 3:2 --v 6.0"), "Midjourney", "a fox at night"),
        (jpeg("Midjourney", 0x0131), "Midjourney", ""),
        (png_xmp("trainedAlgorithmicMedia"), "unknown program", ""),
        (picture("WEBP", xmp=xmp("compositeWithTrainedAlgorithmicMedia")), "unknown program", ""),
        (picture("JPEG", xmp=xmp("digitalCapture", 'xmp:CreatorTool="Adobe Firefly"')),
         "Adobe Firefly", ""),
        (signed_jpeg(b"OpenAI " + IPTC.encode() + b"trainedAlgorithmicMedia"), "OpenAI", ""),
        (signed_jpeg(b"-" * 50 + b"made with DALL-E", part=20), "OpenAI", ""),
        (signed_png(b"claim_generator Adobe_Firefly"), "Adobe Firefly", ""),
    ],
)  # fmt: skip
def test_generators_are_known_by_what_they_write(data, maker, prompt):
    claim = read_claim(data)
    assert claim is not None and claim.is_generated
    assert (claim.made_by, claim.prompt) == (maker, prompt)
    assert claim.params()["made_by"] == maker


def test_negative_prompts_are_kept():
    assert read_claim(png(parameters=A1111)).negative_prompt == "blurry"
    assert read_claim(png(prompt=json.dumps(GRAPH))).negative_prompt == "text, watermark"


@pytest.mark.parametrize(
    "data",
    [
        png(),
        png(Software="GIMP", Comment="A cat. Steps were taken.", Description="my cat - v 2"),
        png(prompt="a caption that somebody wrote", workflow="[1, 2"),
        jpeg("Ilford, imagen 3", 0x0131),
        picture("JPEG", xmp=xmp("digitalCapture")),
        picture("JPEG", xmp=xmp("computationalCapture", 'xmp:CreatorTool="Pixel 9"')),
        b"",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"\xff\xd8\xff",
    ],
)
def test_photographs_and_scraps_claim_nothing(data):
    assert read_claim(data) is None


def test_a_camera_that_signs_its_photos_is_no_generator():
    for data in (signed_jpeg(b"Leica M11-P c2pa.created"), signed_png(b"Nikon Z6III")):
        claim = read_claim(data)
        assert claim is not None and not claim.is_generated
        assert "C2PA" in claim.evidence


def test_texts_that_unpack_without_end_are_cut():
    packed = zlib.compress(b"a" * (4 * MAX_TEXT), 9)
    body = b"parameters\0\0" + packed
    chunk = struct.pack(">I4s", len(body), b"zTXt") + body
    data = png()
    data = data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:]
    assert len(read_metadata(data).texts["parameters"]) == MAX_TEXT


def test_a_broken_block_of_exif_is_passed_over():
    data = bytearray(jpeg("x", 0x0131))
    at = data.index(b"Exif\0\0") + 10
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the module sets it outside of tests
        assert read_claim(bytes(data)) is None
