"""The drawing: its layers, the step under way, undo, and the composed picture that is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from catstudio.ui.draw.edit import Edit, Ink
from catstudio.ui.draw.history import LIMIT, History, Stack, StackChange
from catstudio.ui.draw.layer import FORMAT, Layer, Snapshot, compose, empty_image

MIN_SIDE, MAX_SIDE = 16, 2048
MAX_LAYERS = 24


class Document(QObject):
    """Works without a window. Layers are listed lowest first; a photo below is always the first.

    Signals
    -------
    painted(QRect) : these pixels of :attr:`picture` look different.
    layers_changed() : the list of layers, how they are shown, or which is painted on.
    stepped() : a step was finished, undone or redone.
    """

    painted = Signal(QRect)
    layers_changed = Signal()
    stepped = Signal()

    def __init__(self, width: int, height: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.width = width
        self.height = height
        self.layers: list[Layer] = [Layer("Layer 1", empty_image(width, height))]
        self.active = 0
        self.history = History(LIMIT)
        self.picture = QImage(width, height, QImage.Format.Format_RGB32)
        """All visible layers on white paper: what the canvas shows."""
        self.tools: Counter[str] = Counter()
        self.symmetry = "none"
        self.label: str | None = None
        self.version = 0
        """Counts every change, so that a saver knows whether it is behind."""
        self._derived: set[str] = set()
        self._edit: Edit | None = None
        self._compose(self.rect)

    @classmethod
    def restored(cls, snapshot: Snapshot, parent: QObject | None = None) -> Document:
        """The drawing that a snapshot shows, to be drawn on."""
        document = cls(snapshot.width, snapshot.height, parent)
        document.layers = [layer.copy() for layer in snapshot.layers]
        document.active = snapshot.active
        document.tools = Counter(snapshot.tools)
        document.symmetry = snapshot.symmetry
        document.label = snapshot.label
        document._derived = set(snapshot.parents)
        document._compose(document.rect)
        return document

    # -- reading -----------------------------------------------------------------------------

    @property
    def rect(self) -> QRect:
        return QRect(0, 0, self.width, self.height)

    @property
    def layer(self) -> Layer:
        """The layer that is painted on."""
        return self.layers[self.active]

    @property
    def photo(self) -> Layer | None:
        """The photo below, if there is one."""
        return self.layers[0] if self.layers and self.layers[0].is_photo else None

    @property
    def parents(self) -> tuple[str, ...]:
        """The images that the drawing derives from: the photo that lies below, be it hidden, and
        any that lay below while something was drawn (traced lines stay when it is taken away)."""
        there = {self.photo.photo_id} if self.photo is not None else set()
        return tuple(sorted(self._derived | there))

    @property
    def is_editing(self) -> bool:
        return self._edit is not None

    @property
    def is_blank(self) -> bool:
        """True while nothing was ever drawn."""
        return not self.tools

    def why_not_paint(self) -> str:
        """Why the chosen layer cannot be painted on, with what to do; "" when it can."""
        if self.layer.is_photo:
            return "The photo below is not painted on. Choose the layer above it."
        if not self.layer.is_visible:
            return f"{self.layer.name} is hidden. Show it to draw on it."
        return ""

    def snapshot(self) -> Snapshot:
        """The drawing as it is now, for other threads."""
        return Snapshot(
            self.width,
            self.height,
            tuple(layer.copy() for layer in self.layers),
            self.active,
            self.parents,
            {str(tool): count for tool, count in self.tools.items()},
            self.symmetry,
            self.label,
        )

    def drawn(self) -> QImage:
        """The visible drawing layers, without paper or photo: what a fill looks at."""
        result = empty_image(self.width, self.height)
        painter = QPainter(result)
        compose(painter, [layer for layer in self.layers if not layer.is_photo], self.rect)
        painter.end()
        return result

    # -- painting ----------------------------------------------------------------------------

    def begin(self, ink: Ink) -> Edit | None:
        """Start an edit of the chosen layer; None when it cannot be painted on."""
        if self._edit is not None or self.why_not_paint():
            return None
        self._edit = Edit(self.layer, ink)
        return self._edit

    def show(self, rect: QRect) -> None:
        """Show what the edit under way now covers in ``rect``."""
        if self._edit is not None:
            self._compose(self._edit.show(rect))

    def finish(self, tool: str, name: str) -> None:
        """End the edit as one step of ``tool`` called ``name``; nothing if it covers nothing."""
        edit, self._edit = self._edit, None
        change = edit.change(name) if edit is not None else None
        if change is None:
            return
        self.history.push(change)
        self.tools[tool] += 1
        if self.photo is not None:
            self._derived.add(self.photo.photo_id)
        self._step()

    def cancel(self) -> None:
        """Give the edit up and put the layer back."""
        edit, self._edit = self._edit, None
        if edit is not None:
            self._compose(edit.undone())

    def replace_pixels(self, image: QImage, name: str) -> None:
        """Put other pixels on the chosen layer, as one step; for what is computed as a whole."""
        edit = self.begin(Ink(QColor(Qt.GlobalColor.transparent)))
        if edit is None:
            return
        edit.coverage[:] = 255
        edit.touched = self.rect
        edit.layer.image = image.convertToFormat(FORMAT)
        self._compose(self.rect)
        self.finish(name.lower(), name)

    def refresh(self) -> None:
        """Compose the whole picture anew, after a layer is shown differently without a step."""
        self._compose(self.rect)

    # -- undo --------------------------------------------------------------------------------

    def undo(self) -> None:
        self.cancel()
        self._went(self.history.undo(self))

    def redo(self) -> None:
        self.cancel()
        self._went(self.history.redo(self))

    def _went(self, dirty: QRect) -> None:
        if not dirty.isEmpty():
            self._compose(dirty)
            self._step()
            self.layers_changed.emit()

    # -- layers ------------------------------------------------------------------------------

    def choose(self, at: int) -> None:
        """Paint on the layer at ``at`` from now on."""
        if self.active != at and 0 <= at < len(self.layers):
            self.cancel()
            self.active = at
            self.layers_changed.emit()

    def add_layer(self) -> None:
        """An empty layer above the chosen one."""
        if len(self.layers) >= MAX_LAYERS:
            return
        names = {layer.name for layer in self.layers}
        number = next(n for n in range(1, MAX_LAYERS + 2) if f"Layer {n}" not in names)
        self.insert_layer(Layer(f"Layer {number}", empty_image(self.width, self.height)))

    def insert_layer(self, layer: Layer) -> None:
        """Put ``layer`` above the chosen one and paint on it."""
        before = self._stack()
        self.layers.insert(self.active + 1, layer)
        self.active += 1
        self._restacked("Add layer", before)

    def put_photo_below(self, photo: QImage, photo_id: str, name: str, opacity: float) -> None:
        """Lay a photo under the drawing, in place of the one there: whole, in the middle."""
        before = self._stack()
        fitted = empty_image(self.width, self.height)
        size = photo.size().scaled(self.width, self.height, Qt.AspectRatioMode.KeepAspectRatio)
        painter = QPainter(fitted)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRect((self.width - size.width()) // 2, (self.height - size.height()) // 2, 0, 0)
        target.setSize(size)
        painter.drawImage(
            target, photo.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
        )
        painter.end()
        if self.photo is not None:
            del self.layers[0]
            self.active -= 1
        self.layers.insert(0, Layer(name, fitted, opacity, photo_id=photo_id))
        self.active = max(1, self.active + 1)
        self._restacked("Put photo below", before)

    def can_remove(self, at: int) -> bool:
        """One layer to draw on always stays."""
        return self.layers[at].is_photo or sum(not layer.is_photo for layer in self.layers) > 1

    def remove_layer(self, at: int) -> None:
        if not self.can_remove(at):
            return
        before = self._stack()
        name = self.layers.pop(at).name
        first = 1 if self.photo is not None else 0
        self.active = min(max(first, self.active - (at <= self.active)), len(self.layers) - 1)
        self._restacked(f"Delete {name}", before)

    def can_move(self, at: int, by: int) -> bool:
        """May the layer at ``at`` change places with the one ``by`` (1 or -1) above it?"""
        first = 1 if self.photo is not None else 0
        return first <= at < len(self.layers) and first <= at + by < len(self.layers)

    def move_layer(self, at: int, by: int) -> None:
        if not self.can_move(at, by):
            return
        before = self._stack()
        self.layers.insert(at + by, self.layers.pop(at))
        self.active = at + by
        self._restacked("Move layer", before)

    def show_layer(
        self,
        at: int,
        *,
        name: str | None = None,
        opacity: float | None = None,
        is_visible: bool | None = None,
    ) -> None:
        """Rename a layer, or show it more, less or not at all."""
        layer, before = self.layers[at], self._stack()
        if name is not None and name.strip():
            layer.name, step = name.strip(), "Rename layer"
        elif opacity is not None:
            layer.opacity, step = min(1.0, max(0.0, opacity)), f"Opacity of {layer.name}"
        elif is_visible is not None:
            layer.is_visible, step = is_visible, f"{'Show' if is_visible else 'Hide'} {layer.name}"
        else:
            return
        if self._stack() != before:
            self._restacked(step, before, merges=opacity is not None)

    def _stack(self) -> Stack:
        self.cancel()
        return Stack.of(self)

    def _restacked(self, name: str, before: Stack, merges: bool = False) -> None:
        last = self.history.last
        # A slider that is dragged is one step, not fifty.
        is_same = merges and isinstance(last, StackChange) and last.continues(name, self)
        if not is_same:
            self.history.push(StackChange(name, before, Stack.of(self)))
        self._compose(self.rect)
        self._step()
        self.layers_changed.emit()

    def _step(self) -> None:
        self.version += 1
        self.stepped.emit()

    def _compose(self, rect: QRect) -> None:
        if rect.isEmpty():
            return
        painter = QPainter(self.picture)
        painter.fillRect(rect, Qt.GlobalColor.white)
        compose(painter, self.layers, rect)
        painter.end()
        self.painted.emit(rect)


def fitted_size(width: int, height: int) -> QSize:
    """The size of a drawing over a photo: the photo's, made smaller beyond ``MAX_SIDE``."""
    size = QSize(width, height)
    if max(width, height) > MAX_SIDE:
        size.scale(MAX_SIDE, MAX_SIDE, Qt.AspectRatioMode.KeepAspectRatio)
    return size.expandedTo(QSize(MIN_SIDE, MIN_SIDE))


def over_photo(photo: QImage, photo_id: str, name: str, opacity: float) -> Document:
    """A drawing of a photo's size with the photo below, without a step to undo."""
    size = fitted_size(photo.width(), photo.height())
    document = Document(size.width(), size.height())
    document.put_photo_below(photo, photo_id, name, opacity)
    document.history = History(LIMIT)
    return document


def of_drawing(drawing: QImage, drawing_id: str, name: str) -> Document:
    """A drawing that goes on from one that is in the project, and derives from it."""
    size = fitted_size(drawing.width(), drawing.height())
    document = Document(size.width(), size.height())
    image = drawing.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
    document.layers[0] = Layer(name, image.convertToFormat(FORMAT))
    return Document.restored(replace(document.snapshot(), parents=(drawing_id,)))
