"""What a data set would bring along: findings, what to leave out, and the classes' files."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from catstudio.core.changes import count_images
from catstudio.core.wording import size_text
from catstudio.sources.datasets import ClassFacts, Finding, Group, Marked, RiskReport, Verdict
from catstudio.ui.icons import icon
from catstudio.ui.theme import XL, XS, M, S
from catstudio.ui.widgets import CollapsibleSection, ElidedLabel, WrappedLabel, label

_NAMED = 100
"""Images that are named one by one under a group; the rest is counted."""
_ICON = 18
_WORDS = {
    Group.DUPLICATES: "exact duplicates",
    Group.NEAR_TEST: "near-copies of a test photo",
    Group.NEAR_PROJECT: "near-copies of an image of the project",
    Group.NEAR: "near-copies of each other",
    Group.GENERATED: "made by a program, by their metadata",
    Group.ODD: "odd: tiny, blank, animated ...",
    Group.SUSPECT: "with a label that looks wrong",
}
_LEFT_OUT = (Group.DUPLICATES, Group.NEAR_TEST)
"""Left out unless the person says otherwise: they add nothing, or spoil the test."""


class FindingRow(QWidget):
    """One question, answered: a mark, a sentence, and what to do about it."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark = QLabel()
        role = {Verdict.OK: "ok", Verdict.LOOK: "look", Verdict.PROBLEM: "problem"}.get(
            finding.verdict, "muted"
        )
        name = {Verdict.UNKNOWN: "unknown"}.get(finding.verdict, finding.verdict.value)
        glyph = "question" if finding.verdict is Verdict.UNKNOWN else name
        mark.setPixmap(icon(glyph, role).pixmap(QSize(_ICON, _ICON)))
        mark.setAccessibleName(name)
        mark.setToolTip(name)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = label(finding.title)
        title.setStyleSheet("font-weight: 600;")
        words.addWidget(title)
        words.addWidget(WrappedLabel(finding.text, longest=40))
        if finding.hint:
            words.addWidget(WrappedLabel(finding.hint, "muted", longest=40))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, XS, 0, XS)
        row.setSpacing(M)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)


class GroupChoice(QWidget):
    """A group of images that may stay outside; its images are named when it is unfolded."""

    changed = Signal()

    def __init__(
        self, group: Group, marked: tuple[Marked, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.group = group
        self.box = QCheckBox(f"{len(marked):,} {_WORDS[group]}")
        self.box.setChecked(group in _LEFT_OUT)
        self.box.toggled.connect(self.changed)
        names = CollapsibleSection("Which")
        for one in marked[:_NAMED]:
            names.column.addWidget(ElidedLabel(f"{one.name}: {one.reason}", "small"))
        if len(marked) > _NAMED:
            names.column.addWidget(label(f"and {len(marked) - _NAMED:,} more", "small"))
        names.body.setContentsMargins(XL, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.box)
        column.addWidget(names)


class ReportView(QWidget):
    """Shows a :class:`RiskReport`. ``changed`` follows what is to be left out."""

    changed = Signal()

    def __init__(self, report: RiskReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = report
        self.choices: list[GroupChoice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(M)
        self._column.addWidget(label(headline(report), "heading", wrap=True))
        self._add_findings()
        self._add_groups()
        self._add_refused()
        if report.classes:
            self._column.addWidget(label("THE FILES OF EACH CLASS", "section"))
            self._column.addWidget(_class_table(report.classes))
        self._column.addStretch(1)

    def left_out(self) -> tuple[str, ...]:
        """The names of the images that stay outside."""
        return self._report.names(*(one.group for one in self.choices if one.box.isChecked()))

    def entering(self) -> int:
        """How many images would come in."""
        broken = {one.name for one in self._report.groups.get(Group.BROKEN, ())}
        return self._report.n_sound - len(set(self.left_out()) - broken)

    def _add_findings(self) -> None:
        report = self._report
        order = (Verdict.PROBLEM, Verdict.LOOK, Verdict.UNKNOWN)
        for verdict in order:
            for finding in report.findings:
                if finding.verdict is verdict:
                    self._column.addWidget(FindingRow(finding))
        fine = [finding for finding in report.findings if finding.verdict is Verdict.OK]
        if fine:
            n = len(fine)
            fold = CollapsibleSection("1 check is fine" if n == 1 else f"{n} checks are fine")
            for finding in fine:
                fold.column.addWidget(FindingRow(finding))
            self._column.addWidget(fold)

    def _add_groups(self) -> None:
        for group in _WORDS:
            marked = self._report.groups.get(group, ())
            if not marked:
                continue
            if not self.choices:
                self._column.addWidget(label("LEAVE OUT", "section"))
            choice = GroupChoice(group, marked)
            choice.changed.connect(self.changed)
            self.choices.append(choice)
            self._column.addWidget(choice)

    def _add_refused(self) -> None:
        refused = self._report.refused
        if not refused:
            return
        fold = CollapsibleSection(f"{len(refused):,} cannot come in")
        for one in refused[:_NAMED]:
            fold.column.addWidget(WrappedLabel(one["reason"], "small", longest=40))
        if len(refused) > _NAMED:
            fold.column.addWidget(label(f"and {len(refused) - _NAMED:,} more", "small"))
        self._column.addWidget(fold)


def headline(report: RiskReport) -> str:
    """The check in one line: ``380 images checked: 1 problem, 2 things to look at.``"""
    verdicts = [finding.verdict for finding in report.findings]
    problems, looks = verdicts.count(Verdict.PROBLEM), verdicts.count(Verdict.LOOK)
    parts = []
    if problems:
        parts.append("1 problem" if problems == 1 else f"{problems} problems")
    if looks:
        parts.append("1 thing to look at" if looks == 1 else f"{looks} things to look at")
    found = ", ".join(parts) or "nothing to worry about"
    if not report.is_complete:
        return f"Stopped after {report.n_checked:,} of {count_images(report.n)}: {found} so far."
    return f"{count_images(report.n_checked)} checked: {found}."


def _class_table(classes: tuple[ClassFacts, ...]) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(XL)
    grid.setVerticalSpacing(XS)
    right = Qt.AlignmentFlag.AlignRight
    for column, title in enumerate(("Label", "Images", "Codecs", "Short side", "File")):
        grid.addWidget(
            label(title, "small"), 0, column, right if column in (1, 3, 4) else right & 0
        )
    for at, facts in enumerate(classes, 1):
        codecs = ", ".join(f"{name} {n:,}" for name, n in facts.codecs.items())
        grid.addWidget(ElidedLabel(facts.label or "no label"), at, 0)
        grid.addWidget(label(f"{facts.n:,}"), at, 1, right)
        grid.addWidget(label(codecs, "muted"), at, 2)
        grid.addWidget(label(f"{facts.short_side:,} px"), at, 3, right)
        grid.addWidget(label(size_text(facts.kilobytes * 1024)), at, 4, right)
    grid.setColumnStretch(0, 1)
    grid.setColumnMinimumWidth(0, 160)
    grid.setColumnMinimumWidth(2, XL * 6)
    grid.setHorizontalSpacing(S * 3)
    return table
