"""Settings that follow the chosen model, until the person sets them otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from catstudio.ui.add_data.fields import Field


class AdvisedSettings:
    """Moves a field to a model's own value, where it still stands at the model's before.

    ``fields`` by name; ``known`` are the values of the model before, as :attr:`values` had them.
    """

    def __init__(self, fields: Mapping[str, Field], known: Mapping[str, float | None]) -> None:
        self._fields = fields
        self.values: dict[str, float | None] = {
            name: known.get(name, field.parameter.default) for name, field in fields.items()
        }
        """What the chosen model begins with, by name; a field that left it is the person's."""

    def follow(self, advised: Mapping[str, float]) -> None:
        """Begin with ``advised``, which another model was made for; a name may be missing."""
        for name, value in advised.items():
            field = self._fields[name]
            if field.value() == self.values[name] != value:
                field.set_value(value)
        self.values |= advised

    def let_go(self) -> None:
        """What stands there now is the person's, whichever model comes next."""
        self.values = dict.fromkeys(self.values)
