"""The keyboard's way through a page: as it is laid out, not as its parts happened to be built."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def follow_layout(root: QWidget) -> None:
    """Let Tab go through what ``root`` holds in the order of its layouts, from top to bottom."""
    for one, following in pairwise(_in_order(root.layout())):
        QWidget.setTabOrder(one, following)


def _in_order(layout: QLayout | None) -> Iterator[QWidget]:
    for at in range(layout.count() if layout is not None else 0):
        item = layout.itemAt(at) if layout is not None else None
        if item is None:
            continue
        widget = item.widget()
        if widget is None:
            yield from _in_order(item.layout())
        elif widget.layout() is not None:
            yield from _in_order(widget.layout())
        elif widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget
