"""The blind test's room: start, pairs answered by keys, results."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from catstudio.core.blind import Answer, BlindPair
from catstudio.core.errors import CatStudioError
from catstudio.learn.blind import Results
from catstudio.studio.blind import Supply
from catstudio.ui.blind.pair import PairPage, to_qimage
from catstudio.ui.blind.results import ResultsPage
from catstudio.ui.blind.rounds import BlindRound
from catstudio.ui.blind.start import StartPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import EmptyState, icon_button, label

_AHEAD = 2
_KEYS = {
    Qt.Key.Key_Left: Answer.LEFT,
    Qt.Key.Key_1: Answer.LEFT,
    Qt.Key.Key_Right: Answer.RIGHT,
    Qt.Key.Key_2: Answer.RIGHT,
    Qt.Key.Key_Space: Answer.UNSURE,
}
_UNDO = (Qt.Key.Key_Z, Qt.Key.Key_Backspace)
_NEXT = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Right)
_ADD, _MAKE = "Add photos", "Make images"
Pictures = tuple[QImage, QImage]


class BlindRoom(Room):
    """Every answer is kept as it is given: leaving loses none, and the round can be gone on with.

    ``show_image`` carries the id of an image to see in the gallery; ``photos_asked`` and
    ``made_asked`` are the ways out of having nothing to judge. The room is left with each.
    """

    show_image = Signal(str)
    photos_asked = Signal()
    made_asked = Signal()
    returns_to_gallery = False

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(bridge, parent)
        self._round = BlindRound()
        self._is_telling = False
        self._pictures: dict[str, Pictures] = {}
        self._asked: set[str] = set()
        self._build()
        self.refresh()

    @property
    def round(self) -> BlindRound:
        return self._round

    def refresh(self) -> None:
        """Show the start, with what there is to judge now."""
        test = self.bridge.studio.blind
        author, sources = self.start.author, self.start.sources()
        self.bridge.fetch(
            lambda: test.supply(author, sources), self._show_supply, self._failed, self
        )

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        back = icon_button("back", "Back (Esc); answers are kept")
        back.clicked.connect(self.left)
        back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._count = label("", "muted")
        head = QHBoxLayout()
        head.setContentsMargins(M, S, L, S)
        head.setSpacing(M)
        head.addWidget(back)
        head.addWidget(label("Blind test", "heading"))
        head.addWidget(self._count, 1)
        self.start = StartPage()
        self.pair = PairPage()
        self.results = ResultsPage(self.bridge)
        self.empty = EmptyState("blind", "", "", _MAKE, "primary")
        self._stack = QStackedWidget()
        self._waiting = QWidget()
        for page in (self._waiting, self.start, self.pair, self.results, self.empty):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self.start.supply_asked.connect(self.refresh)
        self.start.begin_asked.connect(self.begin)
        self.start.resume_asked.connect(self.resume)
        self.start.results_asked.connect(lambda: self._ask_results(""))
        self.pair.answered.connect(self.answer)
        self.pair.undo_asked.connect(self.undo)
        self.pair.next_asked.connect(self._go_on)
        self.results.again_asked.connect(self._start_again)
        self.results.undo_asked.connect(self.undo)
        self.results.show_image.connect(self._show_in_gallery)
        self.empty.triggered.connect(self._act)

    # -- the start ---------------------------------------------------------------------------

    def _show_supply(self, supply: Supply) -> None:
        if self._stack.currentWidget() not in (self._waiting, self.start, self.empty):
            return
        if not supply.pairs and self._explain(supply):
            return
        self.start.show_supply(supply)
        if self._stack.currentWidget() is not self.start:
            self._stack.setCurrentWidget(self.start)
            (self.start.begin if not supply.left else self.start.resume).setFocus()

    def _explain(self, supply: Supply) -> bool:
        """Say what is missing; False when it is only that no maker is chosen."""
        if not supply.sources:
            title = "Nothing was made yet"
            text = "Made images are judged beside photos. Choose a way under “Add data”."
            action = _MAKE
        elif not supply.real:
            title = "No photo to compare with"
            text = "Add real photos of a label that images were made for."
            action = _ADD
        elif supply.made:
            title = "No label has both photos and made images"
            text = (
                f"Photos: {', '.join(supply.real)}. Made images: {', '.join(supply.made)}. "
                "Only images of one label stand side by side."
            )
            action = _ADD
        else:
            return False
        self.empty.set_texts(title, text, action)
        self._stack.setCurrentWidget(self.empty)
        self.empty.action.setFocus()
        return True

    def _act(self) -> None:
        wants_photos = self.empty.action.text() == _ADD
        self.left.emit()
        (self.photos_asked if wants_photos else self.made_asked).emit()

    def _start_again(self) -> None:
        self._round = BlindRound()
        self._count.setText("")
        self._stack.setCurrentWidget(self._waiting)
        self.refresh()

    # -- a round -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Draw a new round and show its first pair."""
        test, page = self.bridge.studio.blind, self.start
        author, n, sources = page.author, page.count.value(), page.sources()
        self.bridge.fetch(
            lambda: test.begin(author, n, sources=sources), self._take, self._failed, self
        )

    def resume(self) -> None:
        """Go on with the round that was left."""
        test, author = self.bridge.studio.blind, self.start.author
        self.bridge.fetch(lambda: test.unfinished(author), self._take, self._failed, self)

    def _take(self, pairs: list[BlindPair]) -> None:
        self._round = BlindRound(pairs)
        self._go_on()

    def _go_on(self) -> None:
        """Show the next open pair, or what came of the round."""
        self._is_telling = False
        pair = self._round.current
        if pair is None:
            self._ask_results(self._round.id)
            return
        self._stack.setCurrentWidget(self.pair)
        self.setFocus()
        done, total = self._round.answered, len(self._round)
        self._count.setText(f"{done + 1:,} of {total:,}")
        self.pair.show_pair(pair, done, total)
        self._show_pictures()
        for one in self._round.ahead(1 + _AHEAD):
            self._decode(one)

    def _decode(self, pair: BlindPair) -> None:
        if pair.id in self._asked:
            return
        self._asked.add(pair.id)
        test = self.bridge.studio.blind

        def read() -> Pictures:
            left, right = test.pictures(pair)
            return to_qimage(left), to_qimage(right)

        def keep(pictures: Pictures) -> None:
            self._pictures[pair.id] = pictures
            self._show_pictures()

        self.bridge.fetch(read, keep, lambda error: self._leave_out(pair, error), self)

    def _show_pictures(self) -> None:
        pair = self._round.current
        if pair is not None and not self._is_telling and pair.id in self._pictures:
            self.pair.show_pictures(*self._pictures[pair.id])

    def _leave_out(self, pair: BlindPair, error: CatStudioError) -> None:
        """An image of the pair cannot be decoded any more: go on without it."""
        self._failed(error)
        if self._round.drop(pair.id):
            self.bridge.studio.blind.drop_later(pair.id)
            if not self._is_telling and self._stack.currentWidget() is self.pair:
                self._go_on()

    def answer(self, answer: Answer) -> None:
        """Answer the pair in sight, once both its pictures are there."""
        if self._is_telling or not self.pair.has_pictures:
            return
        pair = self._round.answer(answer)
        if pair is None:
            return
        self.bridge.studio.blind.answer_later(pair.id, answer)
        if self.start.tells.isChecked():
            self._is_telling = True
            self.pair.tell(pair)
        else:
            self._go_on()

    def undo(self) -> None:
        """Take the last answer back and ask again."""
        pair = self._round.undo()
        if pair is not None:
            self.bridge.studio.blind.answer_later(pair.id, None)
            self._go_on()

    # -- results -----------------------------------------------------------------------------

    def _ask_results(self, round_: str) -> None:
        test = self.bridge.studio.blind

        def read() -> tuple[Results | None, Results]:
            return (test.results(round_) if round_ else None), test.results()

        self.bridge.fetch(read, self._show_results, self._failed, self)

    def _show_results(self, found: tuple[Results | None, Results]) -> None:
        if self._round.current is not None:
            return  # An answer was taken back meanwhile.
        self._pictures.clear()
        self._asked.clear()
        self._count.setText("")
        self.results.show_results(*found)
        self._stack.setCurrentWidget(self.results)
        self.results.again.setFocus()

    def _show_in_gallery(self, id_: str) -> None:
        self.left.emit()
        self.show_image.emit(id_)

    def _failed(self, error: CatStudioError) -> None:
        self.told.emit(error.message, error.hint)

    # -- keys --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        is_shortcut = event.type() == QEvent.Type.ShortcutOverride
        if is_shortcut and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Z:
            # The window's Ctrl+Z would take back an edit that nobody sees from here.
            event.accept()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, page = Qt.Key(event.key()), self._stack.currentWidget()
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.isAutoRepeat():
            return  # A key held down must not answer a whole round.
        elif key in _UNDO and page in (self.pair, self.results):
            self.undo()
        elif page is self.pair and self._is_telling and key in _NEXT:
            self._go_on()
        elif page is self.pair and key in _KEYS:
            self.answer(_KEYS[key])
        else:
            super().keyPressEvent(event)
