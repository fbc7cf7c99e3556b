"""The files of a finished run, as the worker writes and reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from catstudio.core.errors import ModelFileError
from catstudio.core.types import Split
from catstudio.engine.backbones import BACKBONES, LoadedBackbone, load_backbone
from catstudio.engine.looking import PREPROCESSING
from catstudio.jobs.requests import DataItem
from catstudio.learn.head import Head

HEAD_FILE, REPORT_FILE, DATA_FILE = "head.safetensors", "report.json", "data.json"


def record(items: Iterable[DataItem]) -> bytes:
    """What was used and how: an audit asks about this run, whatever is edited later."""
    return json.dumps(
        [
            {
                "id": item.id,
                "label": item.label,
                "split": item.split or Split.TRAIN,
                "weight": item.weight,
                "soft_label": item.soft_label,
            }
            for item in items
        ]
    ).encode()


def load_run(folder: str, device: str) -> tuple[Head, LoadedBackbone]:
    """The head of the run in ``folder`` and its backbone.

    Raises :class:`ModelFileError` when the file is missing, damaged or of another version.
    """
    path = Path(folder) / HEAD_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"The model {path} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Train again to make a new one.",
        ) from error
    head = Head.load(data, str(path))
    name = str(head.info.get("backbone"))
    if name not in BACKBONES:
        raise ModelFileError(
            f"{path} was made with the backbone {name!r}, which this version does not have.",
            "Train again to make a new one, or use the version that made it.",
        )
    loaded = load_backbone(name, device)
    is_same = head.info.get("preprocessing") == PREPROCESSING
    if not is_same or head.space.row_length != loaded.backbone.row_length:
        raise ModelFileError(
            f"{path} was made with another version of {loaded.backbone.title}.",
            "Train again to make a new one.",
        )
    return head, loaded
