"""What a source of data declares: its name, its parameters with ranges and defaults, what it needs.

The add-data panel, the command line's choices and the report are built from these
declarations; nothing here imports torch or numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.sources import ranges

if TYPE_CHECKING:
    from catstudio.jobs.context import JobContext
    from catstudio.jobs.requests import GenerateRequest

Runner = Callable[["GenerateRequest", "JobContext"], dict[str, Any]]


class Kind(StrEnum):
    """How a parameter is edited."""

    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    CHOICE = "choice"
    BOOL = "bool"
    MODEL = "model"
    RANGE = "range"
    """Text as :mod:`catstudio.sources.ranges` reads it; "" leaves the range to the source."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One setting of a source.

    ``low`` and ``high`` bound numbers (inclusive); ``choices`` are (value, title) pairs;
    ``is_advanced`` settings fold away; ``unit`` is shown behind the number.
    """

    name: str
    title: str
    kind: Kind
    default: Any
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    help: str = ""
    is_advanced: bool = False

    def checked(self, value: Any) -> Any:
        """``value`` converted to this parameter's type; :class:`BadInputError` when out of range."""
        try:
            if self.kind is Kind.INT:
                value = int(value)
            elif self.kind is Kind.FLOAT:
                value = float(value)
            elif self.kind is Kind.BOOL:
                value = bool(value)
            else:
                value = str(value)
        except (TypeError, ValueError) as error:
            raise BadInputError(
                f"{self.title} is {value!r}, which is not a number.", self._range_hint()
            ) from error
        if self.kind in (Kind.INT, Kind.FLOAT):
            too_low = self.low is not None and not value >= self.low
            too_high = self.high is not None and not value <= self.high
            if too_low or too_high:
                raise BadInputError(f"{self.title} is {value}.", self._range_hint())
        if self.kind is Kind.RANGE:
            return self._checked_range(value)
        if self.kind is Kind.CHOICE and value not in {key for key, _ in self.choices}:
            allowed = ", ".join(key for key, _ in self.choices)
            raise BadInputError(f"{self.title} is {value!r}.", f"Choose one of: {allowed}.")
        return value

    def _checked_range(self, text: str) -> str:
        if not text:
            return ""
        has_values = self.low is not None
        try:
            return ranges.write(ranges.parse(text, self.low, self.high), has_values)
        except ValueError as error:
            hint = "Give a chance from 0 to 1, or off."
            if has_values:
                hint = (
                    f"Give LOW:HIGH from {self.low:g} to {self.high:g}, with @CHANCE behind it if "
                    "it is not to happen always, or off."
                )
            raise BadInputError(f"{self.title} is {text!r}, which is no range.", hint) from error

    def _range_hint(self) -> str:
        return (
            f"Give a number from {self.low:g} to {self.high:g}."
            if (self.low is not None and self.high is not None)
            else "Give a number."
        )


class Source(Struct, frozen=True, kw_only=True):
    """One way to get data.

    ``entry`` is ``"module:function"`` of a :data:`Runner` that the worker imports, or "" for a
    source that brings files in. ``is_real`` is true for photographs of the world only: nothing
    else may be tested on. ``guide_title`` and ``mask_title`` say what a guide image and a mask
    mean to it; "" when it takes none. ``icon`` is a name of the icon library, ``color`` a key of the theme.
    """

    id: str
    title: str
    summary: str
    icon: str
    is_real: bool
    entry: str = ""
    min_seeds: int = 0
    uses_prompt: bool = False
    uses_negative_prompt: bool = False
    uses_model: bool = False
    guide_title: str = ""
    mask_title: str = ""
    parameters: tuple[Parameter, ...] = ()
    note: str = ""

    @property
    def is_generator(self) -> bool:
        return bool(self.entry)

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """All parameters with ``given`` values checked and defaults filled in."""
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                raise BadInputError(
                    f"{self.title} has no setting called {name!r}.",
                    f"It knows: {', '.join(known) or 'none'}.",
                )
        return {n: p.checked(given[n]) if n in given else p.default for n, p in known.items()}

    def load(self) -> Runner:
        """Import the maker. Called in the worker process only: this is where torch comes in."""
        module, _, function = self.entry.partition(":")
        runner: Runner = getattr(import_module(module), function)
        return runner
