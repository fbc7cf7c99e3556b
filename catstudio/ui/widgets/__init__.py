"""Small widgets that all parts of the window share. Imports Qt, theme and icons only."""

from catstudio.ui.widgets.buttons import ChipButton, button, icon_button
from catstudio.ui.widgets.empty_state import EmptyState
from catstudio.ui.widgets.flow_layout import FlowLayout
from catstudio.ui.widgets.frames import Card, CollapsibleSection, Line, SectionHeader
from catstudio.ui.widgets.inputs import ComboBox, DoubleSpinBox, SpinBox
from catstudio.ui.widgets.labels import ElidedLabel, KeyHint, WrappedLabel, label
from catstudio.ui.widgets.picture import PictureView

__all__ = [
    "Card",
    "ChipButton",
    "CollapsibleSection",
    "ComboBox",
    "DoubleSpinBox",
    "ElidedLabel",
    "EmptyState",
    "FlowLayout",
    "KeyHint",
    "Line",
    "PictureView",
    "SectionHeader",
    "SpinBox",
    "WrappedLabel",
    "button",
    "icon_button",
    "label",
]
