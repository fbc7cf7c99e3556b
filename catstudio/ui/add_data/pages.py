"""Which page each source has. A source with none of its own gets the one of its kind."""

from __future__ import annotations

from collections.abc import Callable

from catstudio.sources import Source
from catstudio.ui.add_data.augment_page import AugmentPage
from catstudio.ui.add_data.blend_page import BlendPage
from catstudio.ui.add_data.copy_page import CopyPage
from catstudio.ui.add_data.diffusion_page import DiffusionPage
from catstudio.ui.add_data.draw_page import DrawPage
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.photo_page import PhotoPage
from catstudio.ui.add_data.source_page import ImportPage, SourcePage
from catstudio.ui.add_data.vendor_page import VendorPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings

PageBuilder = Callable[[Source, StudioBridge, Settings], SourcePage]

PAGES: dict[str, PageBuilder] = {
    "drawing": DrawPage,
    "augment": AugmentPage,
    "photo": lambda source, bridge, _settings: PhotoPage(source, bridge),
    "vendor": lambda source, _bridge, _settings: VendorPage(source),
    "blend": BlendPage,
    "diffusers": DiffusionPage,
    "copy": lambda source, _bridge, _settings: CopyPage(source),
}
"""By a source's id."""


def build_page(source: Source, bridge: StudioBridge, settings: Settings) -> SourcePage:
    """The page of ``source``."""
    own = PAGES.get(source.id)
    if own is not None:
        return own(source, bridge, settings)
    return GeneratePage(source, bridge, settings) if source.is_generator else ImportPage(source)
