"""Real photographs from somebody else: volume, with that somebody's choices inside."""

from catstudio.sources.base import Source

SOURCE = Source(
    id="vendor",
    title="Vendor",
    summary="A folder from a vendor or the web: volume, and somebody else's choices.",
    icon="package",
    is_real=True,
)
