"""Small pictures, and data sets of every layout made of them, for the tests."""

from __future__ import annotations

import io
import json
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

SIDE = 80


def picture(
    seed: int, kind: str = "JPEG", size: tuple[int, int] = (SIDE, SIDE), **save: Any
) -> bytes:
    """A picture of coarse noise, different for each seed: no two are near-copies."""
    noise = random.Random(seed)
    small = Image.frombytes("RGB", (10, 10), noise.randbytes(300))
    out = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(out, kind, **save)
    return out.getvalue()


def write(root: Path, files: dict[str, bytes | str]) -> Path:
    """``files`` below ``root``, by their names inside it."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A zip of ``files``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    """A tar of ``files``; mode as of the tarfile module (``w:gz``)."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            add_member(archive, name, data)
    return path


def add_member(archive: tarfile.TarFile, name: str, data: bytes = b"", **fields: Any) -> None:
    """One member; ``fields`` are those of a TarInfo (``type``, ``linkname``)."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(data))


def coco(names: list[str], categories: dict[int, str], seen: list[dict[str, Any]]) -> str:
    """A COCO file: images numbered from 1 in the order of ``names``."""
    return json.dumps(
        {
            "images": [{"id": i, "file_name": name} for i, name in enumerate(names, 1)],
            "annotations": seen,
            "categories": [{"id": id_, "name": name} for id_, name in categories.items()],
        }
    )


def two_classes(n: int = 2) -> dict[str, bytes]:
    """``n`` pictures each of cat and dog, in class folders."""
    return {
        f"{label}/{i}.jpg": picture(100 * k + i)
        for k, label in enumerate(("cat", "dog"))
        for i in range(n)
    }
