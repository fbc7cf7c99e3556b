"""What the check of a data set found, typed; plain JSON in a job's result."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct


class Verdict(StrEnum):
    """How much a finding matters: fine, worth a look, or a flaw that would teach the wrong thing."""

    OK = "ok"
    LOOK = "look"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


class Group(StrEnum):
    """Images that can be left out together (``--skip``); one image may be in several."""

    DUPLICATES = "duplicates"
    """Byte for byte another image of the data set (all but the first) or of the project."""
    NEAR = "near"
    """Nearly the same as an earlier image of the data set."""
    NEAR_PROJECT = "near-project"
    """Nearly the same as an image of the project, no test photo among those."""
    NEAR_TEST = "near-test"
    """Nearly or exactly the same as a photo that the project validates or tests on."""
    GENERATED = "generated"
    """Their metadata says that a program made them."""
    ODD = "odd"
    """Tiny, extremely long, blank, animated, or for print (CMYK)."""
    BROKEN = "broken"
    """Cannot be decoded, missing, refused: never comes in."""
    SUSPECT = "suspect"
    """Their label disagrees with a (near-)copy or with the images most like them."""


class Marked(Struct, frozen=True):
    """One image and why it is in a group; ``other`` is the image that it resembles.

    ``other`` is a name in the data set, or the id of an image of the project where
    ``is_in_project``.
    """

    name: str
    reason: str
    other: str = ""
    is_in_project: bool = False


class Finding(Struct, frozen=True):
    """One question of the check, answered in a sentence, with what to do about it.

    ``id`` is stable: ``labels``, ``test_leak``, ``duplicates``, ``project``, ``suspect``,
    ``codec``, ``size``, ``balance``, ``generated``, ``splits``, ``odd``, ``broken``.
    """

    id: str
    title: str
    verdict: Verdict
    text: str
    hint: str = ""


class RawLabel(Struct, frozen=True):
    """One raw label: its images, and where the mapping sends them.

    ``label`` is the project's label, None for "decide later", "" for "leave out";
    ``is_mapped`` is False when the mapping says nothing of it.
    """

    raw: str
    n: int
    label: str | None
    is_mapped: bool


class ClassFacts(Struct, frozen=True):
    """The files of one class: their number, codecs and sizes.

    The class is the project's label where the mapping gives one, else the raw label.
    ``codecs`` counts file formats; ``short_side`` and ``aspect`` (width / height) are medians,
    sides in pixels; ``kilobytes`` is the median file size in powers of 1024.
    """

    label: str
    n: int
    codecs: dict[str, int]
    short_side: int
    aspect: float
    kilobytes: float


class RiskReport(Struct, frozen=True):
    """Everything that is known before anything enters. ``n`` images listed, ``n_sound`` decode.

    ``groups`` has a key for each :class:`Group` value, its images in reading order.
    ``is_complete`` is False when the check was cancelled: then it speaks of ``n_checked`` only.
    """

    path: str
    format: str
    n: int
    n_checked: int
    n_sound: int
    labels: tuple[RawLabel, ...]
    n_unlabelled: int
    splits: dict[str, int]
    classes: tuple[ClassFacts, ...]
    findings: tuple[Finding, ...]
    groups: dict[str, tuple[Marked, ...]]
    refused: tuple[dict[str, str], ...]
    notes: tuple[str, ...] = ()
    is_complete: bool = True

    def names(self, *groups: Group | str) -> tuple[str, ...]:
        """The images of these groups, each once: what ``leave_out`` takes."""
        return tuple(
            dict.fromkeys(one.name for group in groups for one in self.groups.get(group, ()))
        )

    def as_result(self) -> dict[str, Any]:
        """As plain JSON values, for a job's result."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def report_of(result: dict[str, Any]) -> RiskReport:
    """The report in a finished check's result."""
    return msgspec.convert(result, RiskReport)
