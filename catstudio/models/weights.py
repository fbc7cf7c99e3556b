"""Reads weight files without torch: is the file whole, what does it hold, which revision is it.

Format: https://huggingface.co/docs/safetensors (8 bytes little-endian header length, a JSON
header naming each tensor's dtype, shape and byte range, then the data).
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import msgspec

from catstudio.core.errors import ModelFileError

PICKLED_SUFFIXES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
_SAMPLES = 16
_BLOCK = 65_536
_MAX_HEADER = 100_000_000  # the limit of the safetensors library itself
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_BITS = {"F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32}
_BITS |= {"F16": 16, "BF16": 16, "I16": 16, "U16": 16, "I8": 8, "U8": 8, "BOOL": 8}
_BITS |= {"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8}


class Tensor(msgspec.Struct, frozen=True):
    """One tensor of a file as its header describes it; ``data_offsets`` are bytes into the data."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


class Header(msgspec.Struct, frozen=True):
    """The header of one whole safetensors file; ``size`` is the file's length in bytes."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    size: int


def pickled_error(path: Path) -> ModelFileError:
    """The refusal of a checkpoint that could run code when it is opened."""
    return ModelFileError(
        f"{path} is a pickled checkpoint, which can run any code hidden in it when it is opened.",
        "Get the same model as .safetensors, or convert it on a computer you can afford to lose.",
    )


def read_header(path: Path) -> Header:
    """The header of the safetensors file at ``path``, checked against the file's length.

    Raises
    ------
    ModelFileError : missing, pickled, not safetensors, cut short, or longer than it says.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            raw = file.read(length) if length <= _MAX_HEADER else b""
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check that the file is there and that you may read it.",
        ) from error
    if start.startswith(_PICKLE_STARTS):
        raise pickled_error(path)
    if size < 8 or (length <= _MAX_HEADER and len(raw) < length):
        raise _cut_short(path, size, 8 + length if size >= 8 else 8)
    return _checked(path, size, 8 + length, raw)


def _checked(path: Path, size: int, data_start: int, raw: bytes) -> Header:
    try:
        entries = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        metadata_raw = entries.pop("__metadata__", None)
        metadata = msgspec.json.decode(metadata_raw, type=dict[str, str]) if metadata_raw else {}
        tensors = {name: msgspec.json.decode(value, type=Tensor) for name, value in entries.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"{path} is not a safetensors file: its header cannot be read.",
            "Download it again, or choose another file.",
        ) from error
    end = 0
    for name, tensor in tensors.items():
        first, last = tensor.data_offsets
        bits = _BITS.get(tensor.dtype)
        expected = math.prod(tensor.shape) * bits // 8 if bits else last - first
        if first < 0 or min(tensor.shape, default=0) < 0 or last - first != expected:
            raise ModelFileError(
                f"{path} is damaged: the size of its tensor {name!r} does not add up.",
                "Download it again.",
            )
        end = max(end, last)
    if size < data_start + end:
        raise _cut_short(path, size, data_start + end)
    if size > data_start + end:
        raise ModelFileError(
            f"{path} is damaged: it is {size - data_start - end} bytes longer than its header says.",
            "Download it again.",
        )
    return Header(tensors=tensors, metadata=metadata, size=size)


def _cut_short(path: Path, size: int, expected: int) -> ModelFileError:
    return ModelFileError(
        f"{path} is cut short: {size:,} of {expected:,} bytes are there.",
        "Download or copy it again.",
    )


def revision_of(path: Path) -> str:
    """A name for exactly these weights: the hub's commit, else a fingerprint of the files.

    The fingerprint is the SHA-256 (first 16 hex digits) of each file's relative name, length
    and content, of which at most 16 blocks of 64 KiB, evenly spread, are read: gigabytes are
    told apart in milliseconds, at the price of not seeing a change between the blocks.
    """
    if path.parent.name == "snapshots":
        return path.name
    root = path if path.is_dir() else path.parent
    files = [path]
    if path.is_dir():
        # Parts of a model lie one level down; what else people keep beside them is not hashed.
        found = [*path.glob("*.json"), *path.glob("*/*.json"), *path.glob("*/*.safetensors")]
        files = sorted(p for p in found if p.is_file())
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.relative_to(root).as_posix()}\0{size}\0".encode())
        step = max(_BLOCK, (size - _BLOCK) // (_SAMPLES - 1))
        with file.open("rb") as stream:
            for offset in range(0, size, step):
                stream.seek(offset)
                digest.update(stream.read(_BLOCK))
    return digest.hexdigest()[:16]
