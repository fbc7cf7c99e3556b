"""How everything looks: tokens, a light and a dark theme, and the one place that applies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from catstudio.core.types import State
from catstudio.ui.stylesheet import stylesheet

Mode = Literal["system", "light", "dark"]

# Spacing and type in logical pixels: the few sizes that everything is made of.
XS, S, M, L, XL = 4, 8, 12, 16, 24
SMALL, BODY, LARGE, TITLE = 11, 13, 15, 20
RADIUS = 6
_HOLDER = "catstudio_theme"
"""The application's property that is its :class:`ThemeHolder`."""


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as ``#rrggbb``.

    ``window`` lies behind everything, ``surface`` under panels, ``raised`` under fields and
    flat buttons, ``ground`` under images. ``muted`` and the status colours are readable as
    text on all of them (4.5 : 1); ``sources`` are fills and marks (3 : 1), one each source id.
    """

    name: Literal["light", "dark"]
    window: str
    surface: str
    raised: str
    hover: str
    ground: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    """Links, focus rings, selected marks: readable as text."""
    accent_fill: str
    """The primary button and other filled accents; ``on_accent`` is the text upon it."""
    accent_hover: str
    on_accent: str
    selected: str
    """Behind selected rows and pressed chips, under ordinary text."""
    ok: str
    look: str
    problem: str
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    def source(self, id_: str) -> str:
        """The colour of a source; neutral for one that has none."""
        return self.sources.get(id_, self.muted)

    def state(self, state: State) -> str:
        """The colour of an image's state."""
        return {
            State.PENDING: self.look,
            State.ACCEPTED: self.ok,
            State.REJECTED: self.problem,
            State.TRASHED: self.muted,
        }[state]

    def role(self, role: str) -> str:
        """A colour by the name that icons and widgets use, or ``source:ID``."""
        if role.startswith("source:"):
            return self.source(role.removeprefix("source:"))
        color: str = getattr(self, role)
        return color


LIGHT = Theme(
    name="light",
    window="#f4f4f6",
    surface="#ffffff",
    raised="#ebebf0",
    hover="#e0e0e8",
    ground="#e9e9ee",
    line="#d9d9e0",
    text="#1c1d22",
    muted="#595c67",
    disabled="#9b9da7",
    accent="#4450c8",
    accent_fill="#4d59d6",
    accent_hover="#3f4abf",
    on_accent="#ffffff",
    selected="#e2e5fb",
    ok="#1a6e3c",
    look="#855600",
    problem="#b3261e",
    # Okabe and Ito's colours, moved until they stay apart for colour-blind eyes (see the test).
    sources={
        "photo": "#1f6ece",
        "vendor": "#2899cf",
        "drawing": "#c88541",
        "other-tool": "#6a6b6d",
        "copy": "#5c4c00",
        "augment": "#008657",
        "blend": "#d66697",
        "seed": "#d04f00",
        "diffusers": "#7c409e",
    },
)

DARK = Theme(
    name="dark",
    window="#17181b",
    surface="#1e1f23",
    raised="#292b31",
    hover="#33353c",
    ground="#26282d",
    line="#34363d",
    text="#ececf0",
    muted="#a6a9b4",
    disabled="#646772",
    accent="#a5adff",
    accent_fill="#5561dc",
    accent_hover="#5f6ae0",
    on_accent="#ffffff",
    selected="#333a68",
    ok="#6fcf97",
    look="#f0b95b",
    problem="#ff9088",
    sources={
        "photo": "#3072a9",
        "vendor": "#56b4e9",
        "drawing": "#f5b21e",
        "other-tool": "#6b6b6b",
        "copy": "#aa9a00",
        "augment": "#0a9e70",
        "blend": "#cc79a7",
        "seed": "#ba5000",
        "diffusers": "#854cc4",
    },
)


def luminance(color: str) -> float:
    """Relative luminance in [0, 1] of ``#rrggbb`` (WCAG 2.2)."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on(fill: str) -> str:
    """Black or white, whichever reads better on ``fill``."""
    return max(("#ffffff", "#16171a"), key=lambda ink: contrast(ink, fill))


class ThemeHolder(QObject):
    """Keeps an application's theme and follows the system's. Child of the application."""

    changed = Signal(object)

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._mode: Mode = "system"
        self.theme = LIGHT
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def mode(self) -> Mode:
        return self._mode

    def use(self, mode: Mode) -> None:
        """Show everything in ``mode`` from now on."""
        self._mode = mode
        self._show(self._wanted())

    def _wanted(self) -> Theme:
        if self._mode != "system":
            return DARK if self._mode == "dark" else LIGHT
        return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _system_changed(self) -> None:
        if self._mode == "system" and self._wanted() is not self.theme:
            self._show(self._wanted())

    def _show(self, theme: Theme) -> None:
        self.theme = theme
        font = self._app.font()
        font.setPixelSize(BODY)
        self._app.setFont(font)
        self._app.setPalette(palette(theme))
        self._app.setStyleSheet(stylesheet(_tokens(theme)))
        self.changed.emit(theme)


def apply_theme(app: QApplication, mode: Mode = "system") -> ThemeHolder:
    """Dress the application in Fusion and ``mode``; returns the holder, whose ``changed`` tells
    of later changes. May be called again to change the mode."""
    holder = _holder(app)
    if holder is None:
        app.setStyle("Fusion")
        holder = ThemeHolder(app)
        app.setProperty(_HOLDER, holder)
    holder.use(mode)
    return holder


def current() -> Theme:
    """The theme that the running application shows; the light one before any is applied."""
    holder = _holder(QApplication.instance())
    return holder.theme if holder is not None else LIGHT


def _holder(app: QObject | None) -> ThemeHolder | None:
    # Not looked for among the application's children: some are of types that PySide does not know,
    # and in search of one it sets up every type of Qt, which takes 50 ms.
    holder = app.property(_HOLDER) if app is not None else None
    return holder if isinstance(holder, ThemeHolder) else None


def _tokens(theme: Theme) -> dict[str, object]:
    colors = {key: value for key, value in vars(theme).items() if isinstance(value, str)}
    sizes = {"xs": XS, "s": S, "m": M, "l": L, "xl": XL, "radius": RADIUS}
    types = {"small": SMALL, "body": BODY, "large": LARGE, "title": TITLE}
    return {**colors, **sizes, **types, "scroll": "#c4c6cf" if theme.name == "light" else "#4b4e58"}


def palette(theme: Theme) -> QPalette:
    """The Qt palette of a theme: what Fusion and text without a style of its own use."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, color in (
        (roles.Window, theme.window),
        (roles.WindowText, theme.text),
        (roles.Base, theme.surface),
        (roles.AlternateBase, theme.raised),
        (roles.Text, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Button, theme.raised),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.problem),
        (roles.ToolTipBase, theme.text),
        (roles.ToolTipText, theme.window),
        (roles.Highlight, theme.accent_fill),
        (roles.HighlightedText, theme.on_accent),
        (roles.Link, theme.accent),
        (roles.LinkVisited, theme.accent),
        (roles.Light, theme.hover),
        (roles.Mid, theme.line),
        (roles.Dark, theme.line),
        (roles.Accent, theme.accent_fill),
    ):
        result.setColor(role, QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.disabled))
    return result
