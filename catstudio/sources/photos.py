"""Photographs that the person took: the only thing, with vendor photos, that a model is tested on."""

from catstudio.sources.base import Source

SOURCE = Source(
    id="photo",
    title="Photos",
    summary="Photographs of your own: the data you designed.",
    icon="camera",
    is_real=True,
)
