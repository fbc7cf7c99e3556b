"""The one stylesheet, built from the theme's tokens.

Widgets ask for a look by a dynamic property ``role``: buttons ``primary``, ``danger``,
``quiet`` (no ground until hovered), ``chip``; labels ``title``, ``heading``, ``muted``,
``small``, ``problem``; frames ``panel``, ``card``, ``line``; lists ``popup``.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from catstudio.resources import resource

_SHEET = Template("""
* { outline: none; }
QWidget { font-size: ${body}px; color: $text; }
QMainWindow, QDialog { background: $window; }
QToolTip { background: $text; color: $window; border: 0; padding: ${xs}px ${s}px; }

QLabel { background: transparent; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="heading"] { font-size: ${large}px; font-weight: 600; }
QLabel[role="section"] { font-size: ${small}px; font-weight: 600; color: $muted; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { font-size: ${small}px; color: $muted; }
QLabel[role="problem"] { color: $problem; }
QLabel[role="look"] { color: $look; }
QLabel[role="ok"] { color: $ok; }
QLabel[role="key"] { font-size: ${small}px; color: $text; background: $raised;
    border: 1px solid $line; border-radius: 4px; padding: 1px 5px; }

QWidget[role="panel"] { background: $surface; border: 0; }
QWidget[role="window"] { background: $window; border: 0; }
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: ${radius}px; }
QFrame[role="line"] { background: $line; border: 0; max-height: 1px; min-height: 1px; }

QPushButton, QToolButton { background: $raised; border: 1px solid transparent;
    border-radius: ${radius}px; padding: 5px ${m}px; min-height: 18px; }
QToolButton { padding: 5px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:checked, QToolButton:checked { background: $selected; }
QPushButton:disabled, QToolButton:disabled { color: $disabled; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }
QPushButton[role="primary"] { background: $accent_fill; color: $on_accent; font-weight: 600;
    padding: 6px ${l}px; }
QPushButton[role="primary"]:hover { background: $accent_hover; }
QPushButton[role="primary"]:focus { border: 1px solid $text; }
QPushButton[role="primary"]:disabled { background: $raised; color: $disabled; }
QPushButton[role="quiet"], QToolButton[role="quiet"] { background: transparent; }
QPushButton[role="quiet"]:hover, QToolButton[role="quiet"]:hover { background: $hover; }
QPushButton[role="quiet"]:checked, QToolButton[role="quiet"]:checked { background: $selected; }
QPushButton[role="danger"] { color: $problem; }
QPushButton[role="link"] { background: transparent; color: $accent; padding: 2px 0; border: 0;
    text-align: left; }
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus { text-decoration: underline; }
QPushButton[role="chip"] { border-radius: 15px; padding: 5px 8px; }
QPushButton[role="chip"]:checked { background: $selected; border: 1px solid $accent; }
QPushButton[role="chip"]:checked:focus { border: 1px solid $text; }

QScrollArea > QWidget > QWidget { background: transparent; }
QScrollArea { background: transparent; border: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $raised; border: 1px solid transparent; border-radius: ${radius}px;
    padding: 4px ${s}px; min-height: 20px;
    selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover,
QComboBox:hover { border: 1px solid $line; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus { border: 1px solid $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled,
QComboBox:disabled { color: $disabled; }
QComboBox::drop-down { border: 0; width: 22px; }
QComboBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $line; padding: ${xs}px;
    selection-background-color: $selected; selection-color: $text; outline: 0; }
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit { background: transparent; border: 0;
    padding: 0; min-height: 18px; }
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button,
QDoubleSpinBox::down-button { border: 0; width: 18px; background: transparent; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url("$up"); width: 10px; height: 10px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url("$down"); width: 10px;
    height: 10px; }

QSpinBox, QDoubleSpinBox { padding: 3px ${s}px; }

QCheckBox, QRadioButton { spacing: ${s}px; padding: 2px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QMenu::indicator { width: 14px; height: 14px;
    border: 1px solid $muted; border-radius: 4px; background: $surface; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked, QMenu::indicator:checked { background: $accent_fill;
    border: 1px solid $accent_fill; image: url("$check"); }
QRadioButton::indicator:checked { background: $accent_fill; border: 4px solid $accent_fill;
    width: 8px; height: 8px; background: $on_accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }

QSlider { min-height: 20px; background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent_fill; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: $accent_fill; }
QSlider::handle:horizontal:hover { background: $accent_hover; }
QSlider::handle:horizontal:focus { background: $accent; }

QProgressBar { background: $line; border: 0; border-radius: 2px; max-height: 4px;
    min-height: 4px; color: transparent; }
QProgressBar::chunk { background: $accent_fill; border-radius: 2px; }

QTabWidget::pane { border: 0; }
QTabBar { background: transparent; border: 0; }
QTabBar::tab { background: transparent; border: 0; border-bottom: 2px solid transparent;
    padding: ${s}px 2px; margin-right: ${l}px; color: $muted; font-weight: 600; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }

QMenu { background: $surface; border: 1px solid $line; border-radius: ${radius}px;
    padding: ${xs}px; }
QMenu::item { padding: 6px ${xl}px 6px ${s}px; border-radius: 4px; background: transparent; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: ${xs}px ${s}px; }
QMenu::icon { margin-left: ${xs}px; }
QMenu::icon:checked { border: 2px solid $accent; border-radius: 5px; }
QMenu::indicator:exclusive { border-radius: 8px; }
QMenu::indicator:exclusive:checked { image: none; background: $on_accent; width: 8px;
    height: 8px; border: 4px solid $accent_fill; }
QMenu::indicator { margin-left: ${s}px; }
QMenuBar { background: $window; }
QMenuBar::item { padding: ${xs}px ${s}px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QToolBar { background: transparent; border: 0; spacing: ${xs}px; padding: ${xs}px; }
QStatusBar { background: $window; color: $muted; }
QStatusBar::item { border: 0; }

QAbstractItemView { background: transparent; border: 0; outline: 0;
    selection-background-color: $selected; selection-color: $text; }
QListView[role="popup"] { background: $surface; border: 1px solid $line; padding: ${xs}px; }
QListView[role="popup"]::item { border-radius: 4px; padding: ${xs}px ${s}px; }
QListView[role="popup"]::item:selected { background: $selected; color: $text; }
QListWidget::item, QTreeView::item, QTableView::item { border-radius: 4px; padding: ${xs}px; }
QListWidget::item:hover, QTreeView::item:hover { background: $hover; }
QListWidget::item:selected, QTreeView::item:selected { background: $selected; color: $text; }
QHeaderView::section { background: transparent; border: 0; color: $muted; padding: ${xs}px;
    font-size: ${small}px; font-weight: 600; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent; }
""")


def stylesheet(tokens: Mapping[str, object]) -> str:
    """The application's stylesheet; ``tokens`` are the colours, and the sizes in pixels."""
    return _SHEET.substitute(
        tokens, down=_mark("caret-down"), up=_mark("caret-up"), check=_mark("check")
    )


def _mark(name: str) -> str:
    # Style sheets take marks from files only. The carets' grey reads on both themes.
    return resource(f"icons/{name}.svg").as_posix()
