"""Small images and stores for tests."""

import io
import random
from pathlib import Path
from typing import Any

from PIL import Image

from catstudio.core.pixels import difference_hash
from catstudio.core.project import ProjectFolder
from catstudio.core.store import NewImage, Store
from catstudio.core.types import Parent, Provenance, Split, State


def picture(seed: int, size: int = 32) -> Image.Image:
    """A picture unlike those of other seeds."""
    rng = random.Random(seed)
    noise = Image.frombytes("L", (6, 6), rng.randbytes(36)).resize((size, size))
    return Image.merge("RGB", (noise, noise.transpose(Image.Transpose.ROTATE_90), noise))


def png(seed: int, size: int = 32) -> bytes:
    buffer = io.BytesIO()
    picture(seed, size).save(buffer, "PNG")
    return buffer.getvalue()


def new_image(seed: int, *, parents: tuple[str, ...] = (), **fields: Any) -> NewImage:
    source = fields.pop("source", "seed" if parents else "photo")
    defaults: dict[str, Any] = {
        "label": "cat",
        "state": State.ACCEPTED,
        "is_real": source in ("photo", "vendor"),
    }
    return NewImage(
        data=png(seed),
        name=f"{seed}.png",
        format="PNG",
        width=32,
        height=32,
        dhash=difference_hash(picture(seed)),
        provenance=Provenance(source=source, parents=tuple(Parent(p) for p in parents)),
        **{**defaults, **fields},
    )


def new_store(root: Path, labels: tuple[str, ...] = ("cat", "not-cat")) -> Store:
    folder = ProjectFolder(root / "Test.catstudio")
    folder.create()
    store = Store(folder, author="tester")
    for label in labels:
        store.add_label(label)
    return store


__all__ = ["Split", "State", "new_image", "new_store", "picture", "png"]
