"""The images that a diffusion model works from, by mode: start image, mask, what is extended, guide."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.sources.recipes import Recipe
from catstudio.ui.add_data.control_block import ControlBlock
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.image_field import ImageField
from catstudio.ui.add_data.mask_field import MaskField
from catstudio.ui.add_data.mode_switch import Mode
from catstudio.ui.add_data.outpaint_pad import OutpaintBlock
from catstudio.ui.add_data.part_field import PartField
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import M

_REDRAW = (
    "Paint the mask…",
    "Paint over what is to be redrawn",
    "Paint over what is to be redrawn; the rest stays as it is.",
    "Painted.",
)
_START = {
    Mode.IMAGE: "Select images in the gallery, or drop some here.",
    Mode.INPAINT: "Select the image to mend in the gallery, or drop it here.",
    Mode.OUTPAINT: "Select the image to extend in the gallery, or drop it here.",
}
_NONE_NEEDED = "None needed. Drop one here to begin from it."


class ImageInputs(QWidget):
    """Shows what a mode uses: ``start`` where there must be a start image, ``begin`` where there may.

    ``changed`` when another image, mask or ControlNet is asked for; ``room_asked`` carries a
    :data:`~catstudio.ui.room.RoomBuilder`. ``fields`` are the page's editors by parameter, ``part``
    is the list of ControlNets among them.
    """

    changed = Signal()
    room_asked = Signal(object)

    def __init__(
        self,
        bridge: StudioBridge,
        part: PartField,
        fields: dict[str, Field],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode = Mode.TEXT
        self.start = ImageField(bridge, "Start image", "")
        self.mask_field = MaskField(bridge, _REDRAW)
        self._extend = OutpaintBlock(fields["outpaint"], fields["outpaint_amount"])
        self.control = ControlBlock(bridge, part, fields)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        self.begin = ImageField(bridge, "Start image", _NONE_NEEDED)
        self.begin.set_follows(False, _NONE_NEEDED)
        for one in (self.start, self.mask_field, self._extend, self.control, self.begin):
            column.addWidget(one)
        self.begin.changed.connect(self.changed)
        self.start.changed.connect(self._show)
        self.start.changed.connect(self.changed)
        self.mask_field.changed.connect(self._masked)
        self.mask_field.room_asked.connect(self.room_asked)
        self.control.changed.connect(self.changed)
        for name in ("outpaint", "outpaint_amount"):
            fields[name].changed.connect(self.changed)

    def set_mode(self, mode: Mode) -> None:
        """Show what ``mode`` uses."""
        self._mode = mode
        self._show()

    def set_selected(self, ids: tuple[str, ...]) -> None:
        """The gallery's selection."""
        self.start.set_selected(ids)
        self.begin.set_selected(ids)
        self.control.guide.set_selected(ids)
        self._show()

    def seeds(self) -> tuple[str, ...]:
        """The images to start from; none from text alone."""
        if self._mode is Mode.CONTROL:
            return self.begin.ids()
        return () if self._mode is Mode.TEXT else self.start.ids()

    def mask_png(self) -> bytes:
        """Where the start image is redrawn, a PNG; b"" where the mode takes none."""
        return self.mask_field.value() if self._mode is Mode.INPAINT else b""

    def why_not(self) -> str:
        """What is missing or cannot be used, with what to do; "" when nothing."""
        if self._mode.starts_from_image and not self.start.ids():
            return "Select the image to start from in the gallery, or drop it on the start image."
        start = self.begin if self._mode is Mode.CONTROL else self.start
        if self._mode is not Mode.TEXT and (reason := start.why_not()):
            return reason
        if self._mode is Mode.INPAINT and not self.mask_png():
            return "Paint over what is to be redrawn: press “Paint the mask…”."
        if self._mode is Mode.OUTPAINT and (reason := self._extend.why_not(self.start.record())):
            return reason
        return self.control.why_not()

    def use(self, recipe: Recipe) -> None:
        """Take the images of ``recipe``."""
        self.control.set_on(bool(recipe.options.get("controlnet")))
        for field, ids in (
            (self.start, recipe.seeds),
            (self.begin, ()),
            (self.control.guide, (recipe.guide,) if recipe.guide else ()),
        ):
            if ids:
                field.keep(ids)
            else:
                field.let_go()

    def _masked(self) -> None:
        """A mask is of one image, which is kept with it: looking at results must not lose it."""
        if self.mask_field.value():
            self.start.keep(self.start.ids())
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        mode = self._mode
        self.start.setVisible(mode.starts_from_image)
        self.begin.setVisible(mode is Mode.CONTROL)
        self.start.set_one(mode is Mode.INPAINT)
        self.start.set_follows(True, _START.get(mode, ""))
        ids = self.start.ids()
        self.mask_field.set_image(ids[0] if mode is Mode.INPAINT and ids else "")
        self.start.show_mask(self.mask_png())
        self._extend.setVisible(mode is Mode.OUTPAINT)
        self.control.set_mode(mode)
        self.setVisible(mode is not Mode.TEXT)
