"""The bad input that window and command line must both say something useful about."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TENSOR = "model.diffusion_model.input_blocks.0.0.weight"
"""A name by which a Stable Diffusion checkpoint is known."""

REASONS = {
    "cat.jpg": "not an image",
    "half.jpg": "cut short",
    "bomb.png": "too large",
    "empty.jpg": "empty (0 bytes)",
    "tiny.png": "too small",
}
"""File → why it is refused, of :func:`bad_images`."""


def bad_images(folder: Path, whole: Path) -> list[Path]:
    """Write the files of ``REASONS`` into ``folder``; ``whole`` is a sound JPEG."""
    data = whole.read_bytes()
    content = {
        "cat.jpg": b"this is a letter, not a cat",
        "half.jpg": data[: len(data) // 2],
        "bomb.png": png_header(40_000),
        "empty.jpg": b"",
        "tiny.png": png_header(8),
    }
    for name, raw in content.items():
        (folder / name).write_bytes(raw)
    return [folder / name for name in content]


def png_header(side: int) -> bytes:
    """A PNG file that says it is ``side`` x ``side``, with next to no data in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checked)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def checkpoint() -> bytes:
    """A whole safetensors file with one tensor: known by its name, too little to be loaded."""
    entry = {TENSOR: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    header = json.dumps(entry).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


MODEL_REASONS = {
    "no-index": "model_index.json",
    "cut.safetensors": "cut short",
    "old.ckpt": "pickled",
    "renamed.safetensors": "pickled",
    "gone.safetensors": "does not exist",
}
"""Model → why it is refused, of :func:`bad_models`."""


def bad_models(folder: Path) -> None:
    """Write what ``MODEL_REASONS`` names into ``folder``."""
    (folder / "no-index" / "unet").mkdir(parents=True)
    (folder / "cut.safetensors").write_bytes(checkpoint()[:-8])
    for name in ("old.ckpt", "renamed.safetensors"):
        (folder / name).write_bytes(pickle.dumps({"state_dict": {}}, protocol=4))


def make_newer(project: Path) -> None:
    """Mark ``project`` as one of a later version."""
    database = sqlite3.connect(project / "project.sqlite")
    database.execute("PRAGMA user_version = 999")
    database.commit()
    database.close()


def damage(project: Path) -> None:
    """Overwrite the start of the database of ``project``."""
    database = project / "project.sqlite"
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    database.write_bytes(b"\0" * 4096 + database.read_bytes()[4096:])


@contextmanager
def as_nobody() -> Iterator[None]:
    """File permissions bind even root's tests: become nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
