"""The wizard: what is in a data set and what its labels mean, its risks, and then the import."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.changes import AddLabel, Touched, count_images
from catstudio.core.errors import CatStudioError
from catstudio.core.wording import duration
from catstudio.jobs.events import AnyEvent, Cancelled, Done, Failed, Progress
from catstudio.jobs.requests import CheckDatasetRequest, ImportDatasetRequest
from catstudio.sources.datasets import FORMATS, RiskReport, report_of
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form
from catstudio.ui.add_data.source_page import CREDIT
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.theme import XL, L, M, S
from catstudio.ui.vendor.contents import Contents, read_contents
from catstudio.ui.vendor.mapping import MappingTable
from catstudio.ui.vendor.report_view import ReportView
from catstudio.ui.widgets import (
    ComboBox,
    ElidedLabel,
    EmptyState,
    Line,
    WrappedLabel,
    button,
    icon_button,
    label,
)

_WIDTH = 760
_NAMED = 20


class DatasetRoom(Room):
    """Brings a data set at ``path`` in, after its labels are mapped and its risks are known.

    Nothing enters the project before Import is pressed; leaving earlier takes nothing.
    """

    def __init__(
        self,
        bridge: StudioBridge,
        path: str,
        credit: dict[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(bridge, parent)
        self._path = path
        self._credit = credit or {}
        self._contents: Contents | None = None
        self._report: RiskReport | None = None
        self._labels: tuple[str, ...] = ()
        self._job_id = ""
        self._is_asking = False
        self._reading: Fetch | None = None
        self._build()
        bridge.touched.connect(self._touched)
        self._open("auto")

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        back = icon_button("back", "Leave, and take nothing (Esc)")
        back.clicked.connect(self.left)
        self._title = ElidedLabel("Import a data set", "heading")
        self._format = ComboBox()
        self._format.setAccessibleName("Format")
        self._format.addItem("Find out the format", "auto")
        for one in FORMATS.values():
            self._format.addItem(one.title, one.id)
            self._format.setItemData(
                self._format.count() - 1, one.summary, Qt.ItemDataRole.ToolTipRole
            )
        self._format.activated.connect(lambda: self._open(self._format.currentData()))
        head = QHBoxLayout()
        head.setContentsMargins(M, S, M, S)
        head.setSpacing(M)
        head.addWidget(back)
        head.addWidget(self._title, 1)
        head.addWidget(self._format)
        self._stack = QStackedWidget()
        self.problem = EmptyState("problem", "")
        self._stack.addWidget(self.problem)
        self._bar = QProgressBar()
        self._status = label("", "muted")
        self.cancel = button("Stop checking")
        self.cancel.clicked.connect(self._cancel)
        self.back = button("Back to the labels")
        self.back.clicked.connect(self._back_to_labels)
        self.go = button("", "primary")
        self.go.clicked.connect(self._press)
        foot = QHBoxLayout()
        foot.setContentsMargins(L, S, L, M)
        foot.setSpacing(M)
        foot.addWidget(self._status, 1)
        foot.addWidget(self._bar, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.back)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self._stack, 1)
        column.addWidget(Line())
        column.addLayout(foot)
        self._show_foot()

    def _page(self, content: QWidget) -> QScrollArea:
        """``content`` in the middle of a page that scrolls; the pages before it go."""
        for old in [self._stack.widget(i) for i in range(1, self._stack.count())]:
            if old is not None:
                self._stack.removeWidget(old)
                old.deleteLater()
        return self._added(content)

    def _added(self, content: QWidget) -> QScrollArea:
        content.setMaximumWidth(_WIDTH)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(L, L, L, XL)
        row.addStretch(1)
        row.addWidget(content, 100)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(holder)
        self._stack.addWidget(scroll)
        self._stack.setCurrentWidget(scroll)
        return scroll

    # -- what is in it -----------------------------------------------------------------------

    def _open(self, format_id: str) -> None:
        self._contents = self._report = None
        self._title.setText("Reading what is in it …")
        path, studio = self._path, self.bridge.studio

        def read() -> tuple[Contents, tuple[str, ...]]:
            return read_contents(path, format_id), studio.labels()

        if self._reading is not None:
            self._reading.cancel()
        self._reading = self.bridge.fetch(read, self._show_contents, self._cannot_open, self)
        self._show_foot()

    def _cannot_open(self, error: CatStudioError) -> None:
        self._title.setText("Import a data set")
        self.problem.set_texts(error.message, error.hint)
        self._stack.setCurrentIndex(0)
        self._show_foot()

    def _show_contents(self, found: tuple[Contents, tuple[str, ...]]) -> None:
        contents, self._labels = found
        self._contents = contents
        self._title.setText(f"{contents.name}: {count_images(contents.n)}, {contents.format_title}")
        self._format.setCurrentIndex(max(0, self._format.findData(contents.format)))
        self.labels_page = self._page(self._contents_page(contents))
        self._show_foot()
        self.go.setFocus()

    def _contents_page(self, contents: Contents) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        for note in contents.notes:
            column.addWidget(WrappedLabel(note, "muted", longest=40))
        column.addWidget(label("What its labels mean here", "heading"))
        self.mapping = MappingTable()
        self.mapping.show_labels(contents.labels, contents.samples, self._labels)
        self.mapping.changed.connect(self._show_foot)
        self.mapping.new_label.connect(lambda name: self.bridge.apply(AddLabel(name)))
        column.addWidget(self.mapping)
        if contents.n_unlabelled:
            without = count_images(contents.n_unlabelled)
            text = f"{without} without a label will wait for one in review."
            column.addWidget(label(text, "muted"))
        self.keeps_splits = QCheckBox(_splits_text(contents.splits))
        self.keeps_splits.setChecked(True)
        self.keeps_splits.setVisible(bool(contents.splits))
        column.addWidget(self.keeps_splits)
        if contents.refused:
            n = len(contents.refused)
            words = "1 file" if n == 1 else f"{n:,} files"
            column.addWidget(label(f"{words} cannot come in:", "look"))
            for sentence in contents.refused[:_NAMED]:
                column.addWidget(WrappedLabel(sentence, "small", longest=40))
            if n > _NAMED:
                column.addWidget(label(f"and {n - _NAMED:,} more, named by the check", "small"))
        column.addSpacing(S)
        column.addWidget(label("Where it comes from", "heading"))
        self._fields = {parameter.name: Field(parameter) for parameter in CREDIT}
        form = Form()
        for name, field in self._fields.items():
            field.set_value(self._credit.get(name, ""))
            form.add(field.parameter.title, field)
        column.addWidget(form)
        column.addStretch(1)
        return page

    # -- the check ---------------------------------------------------------------------------

    def _press(self) -> None:
        if self._report is None:
            self._check()
        else:
            self._import()

    def _check(self) -> None:
        studio, path, contents = self.bridge.studio, self._path, self._contents
        if contents is None or self._is_asking:
            return
        mapping = self.mapping.mapping()
        self._is_asking = True

        def build() -> CheckDatasetRequest:
            return studio.check_dataset_request(path, format=contents.format, mapping=mapping)

        self.bridge.fetch(build, self._follow, self._cannot, self)
        self._show_foot()

    def _follow(self, request: CheckDatasetRequest) -> None:
        self._is_asking = False
        self._job_id = request.job_id
        self._bar.setRange(0, 0)
        self._status.setText("Checking …")
        self.bridge.follow(request, self._job_event, self)
        self._show_foot()

    def _job_event(self, event: AnyEvent) -> None:
        if isinstance(event, Progress):
            self._bar.setRange(0, max(1, round(event.total)))
            self._bar.setValue(round(event.done))
            left = f", about {duration(event.eta)} left" if event.eta else ""
            self._status.setText(f"Checking: {event.message}{left}")
        elif isinstance(event, Done | Cancelled):
            self._job_id = ""
            if event.result:
                self._show_report(report_of(event.result))
            self._show_foot()
        elif isinstance(event, Failed):
            self._job_id = ""
            self.told.emit(event.message, event.hint)
            self._show_foot()

    def _cancel(self) -> None:
        if self._job_id:
            self.bridge.studio.cancel(self._job_id)

    def _show_report(self, report: RiskReport) -> None:
        self._report = report
        self.report_view = ReportView(report)
        self.report_view.changed.connect(self._show_foot)
        self._added(self.report_view)
        self.go.setFocus()

    def _back_to_labels(self) -> None:
        self._report = None
        self._stack.setCurrentWidget(self.labels_page)
        self._show_foot()

    # -- the import --------------------------------------------------------------------------

    def _import(self) -> None:
        contents, report = self._contents, self._report
        if contents is None or report is None or self._is_asking:
            return
        studio, path = self.bridge.studio, self._path
        mapping, outside = self.mapping.mapping(), self.report_view.left_out()
        keeps_splits = self.keeps_splits.isChecked()
        credit = {name: str(field.value()) for name, field in self._fields.items()}
        self._is_asking = True

        def build() -> ImportDatasetRequest:
            return studio.import_dataset_request(
                path,
                format=contents.format,
                mapping=mapping,
                leave_out=outside,
                keeps_splits=keeps_splits,
                **credit,
            )

        self.bridge.fetch(build, self._submit, self._cannot, self)
        self._show_foot()

    def _submit(self, request: ImportDatasetRequest) -> None:
        try:
            self.bridge.submit(request)
        except CatStudioError as error:
            self._cannot(error)
            return
        self.left.emit()

    def _cannot(self, error: CatStudioError) -> None:
        self._is_asking = False
        self.told.emit(error.message, error.hint)
        self._show_foot()

    # -- the room ----------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def shut(self) -> None:
        """Stop reading and checking."""
        if self._reading is not None:
            self._reading.cancel()
        self._cancel()

    def _touched(self, touched: Touched) -> None:
        if touched.labels_changed and self._contents is not None:
            self.bridge.fetch(self.bridge.studio.labels, self._show_labels, None, self)

    def _show_labels(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        if self._contents is not None:
            self.mapping.set_labels(labels)

    def _show_foot(self) -> None:
        is_checking = bool(self._job_id)
        self._bar.setVisible(is_checking)
        self.cancel.setVisible(is_checking)
        self.back.setVisible(self._report is not None)
        self.go.setVisible(self._contents is not None)
        if self._contents is None:
            self._status.clear()
            return
        if self._report is None:
            kept = self._n_mapped()
            self.go.setText(f"Check {count_images(kept)}")
            self.go.setEnabled(kept > 0 and not is_checking and not self._is_asking)
            if not is_checking:
                self._status.setText(
                    "Nothing enters the project yet."
                    if kept
                    else "Say what at least one label means here."
                )
        else:
            n = self.report_view.entering()
            self.go.setText(f"Import {count_images(n)}")
            self.go.setEnabled(n > 0 and not self._is_asking)
            self._status.setText("Nothing has entered the project yet.")

    def _n_mapped(self) -> int:
        contents = self._contents
        if contents is None:
            return 0
        mapping = self.mapping.mapping()
        return contents.n_unlabelled + sum(n for raw, n in contents.labels if mapping[raw] != "")


def _splits_text(splits: dict[str, int]) -> str:
    parts = ", ".join(f"{n:,} {name}" for name, n in splits.items())
    return f"Keep its own split ({parts})"
