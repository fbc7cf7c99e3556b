"""Exact copies: a weight on the image that is there, not n files."""

from catstudio.sources.base import Source

SOURCE = Source(
    id="copy",
    title="Copies",
    summary="Count what you have several times: one effective image, whatever the number.",
    icon="copy",
    is_real=False,
    min_seeds=1,
)
