"""WebDataset: tar shards in which files of one key belong together (key.jpg, key.cls, key.json, key.txt)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.pixels import MAX_BYTES
from catstudio.core.wording import shown
from catstudio.sources.datasets.archives import TarFiles, open_archive
from catstudio.sources.datasets.base import DatasetItem, Format, Read, split_named
from catstudio.sources.datasets.columns import named
from catstudio.sources.datasets.files import Files, Folder, stem_of
from catstudio.sources.importing import Dead

_SIDE = (".cls", ".json", ".txt")
_MAX_SIDE_BYTES = 2**20
_LONGEST_LABEL = 64


class Shards(Files):
    """Several tars in one folder as one: a member is called ``shard.tar/name``."""

    def __init__(self, folder: Folder, check: Callable[[], None]) -> None:
        super().__init__(folder.title)
        self._shards: dict[str, Files] = {}
        for name in folder.ending(".tar", ".tar.gz", ".tgz"):
            try:
                shard = open_archive(folder.path_of(name), check)
            except BadInputError as error:
                path = shown(str(folder.path_of(name)))
                self.refused.append(Dead(path, error.message, error.hint))
                continue
            if shard is not None:
                self._shards[name] = shard
                self.names += [f"{name}/{inner}" for inner in shard.names]
                self.refused += shard.refused

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        for shard_name, shard in self._shards.items():
            if name.startswith(f"{shard_name}/"):
                return shard.read(name[len(shard_name) + 1 :], limit)
        raise ImageRefusedError(f"{shown(name)} is not in {self.title}.")

    def path_of(self, name: str) -> Path | None:  # noqa: ARG002 - all are inside tars
        return None

    def close(self) -> None:
        for shard in self._shards.values():
            shard.close()


def _sides(files: Files) -> dict[str, list[str]]:
    """The files beside the images, by key."""
    found: dict[str, list[str]] = {}
    for name in files.ending(*_SIDE):
        found.setdefault(stem_of(name), []).append(name)
    return found


def _fits(files: Files) -> bool:
    if not isinstance(files, TarFiles | Shards):
        return False
    sides, images = _sides(files), files.images()
    return bool(images) and 2 * sum(stem_of(name) in sides for name in images) >= len(images)


def _read(files: Files) -> Read:
    sides = _sides(files)
    refused: list[Dead] = []
    items: list[DatasetItem] = []
    texts: dict[str, str] = {}
    for name in files.images():
        said = _Said()
        for side in sides.get(stem_of(name), ()):
            try:
                said.hear(side, files.read(side, _MAX_SIDE_BYTES))
            except (ImageRefusedError, BadInputError) as error:
                refused.append(Dead(shown(side), error.message, error.hint))
        if said.text:
            texts[name] = said.text
        split = said.split or _split_of(name)
        items.append(
            DatasetItem(
                name=shown(name), key=name, label=said.label, split=split, params=said.params
            )
        )
    return Read(tuple(_with_texts(items, texts)), tuple(refused))


class _Said:
    """What the files beside one image say of it; ``.cls`` has the last word on its label."""

    def __init__(self) -> None:
        self.label: str | None = None
        self.split: str | None = None
        self.text = ""
        self.params: dict[str, Any] = {}

    def hear(self, name: str, data: bytes) -> None:
        """Raises :class:`BadInputError` for JSON that is none."""
        if name.lower().endswith(".json"):
            self._hear_json(name, data)
            return
        text = data.decode("utf-8", "replace").strip()
        if name.lower().endswith(".cls"):
            self.label = text or self.label
        else:
            self.text = text

    def _hear_json(self, name: str, data: bytes) -> None:
        try:
            row = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadInputError(
                f"{shown(name)} is not valid JSON: {error}.", "Its image comes in without it."
            ) from error
        if not isinstance(row, dict):
            return
        plain = {str(k): str(v) for k, v in row.items() if isinstance(v, str | int | float)}
        columns = named(tuple(plain))
        self.label = self.label or (plain[columns.label].strip() if columns.label else None) or None
        self.split = split_named(plain[columns.split]) if columns.split else None
        for key, column in (("caption", columns.caption), ("prompt", columns.prompt)):
            if column:
                self.params[key] = plain[column]


def _with_texts(items: list[DatasetItem], texts: dict[str, str]) -> list[DatasetItem]:
    """Texts that come again and again are labels, all others captions."""
    different = set(texts.values())
    are_labels = (
        2 * len(different) <= len(texts)
        and all(len(text) <= _LONGEST_LABEL and "\n" not in text for text in different)
        and not any(item.label for item in items)
    )
    if are_labels:
        return [structs.replace(item, label=texts.get(item.key)) for item in items]
    return [
        structs.replace(item, params={**item.params, "caption": texts[item.key]})
        if item.key in texts
        else item
        for item in items
    ]


def _split_of(name: str) -> str | None:
    parts = name.lower().replace("-", "/").replace("_", "/").split("/")[:-1]
    return next((split for part in parts if (split := split_named(part))), None)


FORMAT = Format(
    id="webdataset",
    title="WebDataset",
    summary="Tar shards with key.jpg beside key.cls, key.json or key.txt.",
    fits=_fits,
    read=_read,
)
