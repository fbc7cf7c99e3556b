"""The page of diffusion models: prompt ideas, and a mask over the image that is to be redrawn."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from catstudio.sources import Source
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.guide_field import GuideField
from catstudio.ui.add_data.mask_field import MaskField
from catstudio.ui.add_data.prompt_ideas import PromptIdeas
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings

_REDRAW = (
    "Redraw a part…",
    "Paint over what is to be redrawn",
    "Paint over what is to be redrawn; the rest stays as it is.",
    "Only what is painted.",
)


_CONTROL = (
    "control",
    "controlnet_conditioning_scale",
    "control_guidance_start",
    "control_guidance_end",
)


class DiffusionPage(GeneratePage):
    """Text, image, or a part of an image: what is selected and masked decides which."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, bridge, settings, parent)
        self.ideas = PromptIdeas(bridge)
        self.ideas.chosen.connect(self._take_idea)
        at = self.column.indexOf(self.prompt) + 1 if self.prompt is not None else 1
        self.column.insertWidget(at, self.ideas)
        self.mask_field = MaskField(bridge, _REDRAW)
        self.mask_field.changed.connect(self.changed)
        self.mask_field.room_asked.connect(self.room_asked)
        self.column.insertWidget(self.column.indexOf(self._which) + 1, self.mask_field)
        self.guide = GuideField(bridge)
        self.guide.changed.connect(self.changed)
        self._advanced.span(self.guide)
        self.fields["controlnet"].changed.connect(self._show_control)
        self._show_control()

    def ask(self) -> GenerateAsk:
        """What to make, with the mask and the guide."""
        return replace(super().ask(), mask=self.mask_field.value(), guide=self.guide.value())

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Offer the mask where there is one image to paint it on."""
        super().show_facts(facts, label)
        self.ideas.set_label(self.label)
        is_one = self.uses_selection and len(facts.selected) == 1
        self.mask_field.set_image(facts.selected[0] if is_one else "")
        self.guide.set_selected(facts.selected)

    def _show_control(self) -> None:
        """What is said of a ControlNet shows while there is one."""
        is_controlled = bool(self.fields["controlnet"].value())
        for name in _CONTROL:
            self._advanced.show_row(self.fields[name], is_controlled)
        self.guide.setVisible(is_controlled)

    def _take_idea(self, template: str) -> None:
        if self.prompt is not None:
            self.prompt.setPlainText(template)
            self.prompt.setFocus()
