"""What is written over a file's bytes, in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

Patch = tuple[int, bytes]
"""Where to write, and what: the length of a file never changes."""
Redact = Callable[[bytes], bytes]
"""Takes a block and returns one as long; the block itself when there is nothing to take out."""
Span = tuple[int, int]
"""A part of a file: its first byte, and the one behind its last."""


def applied(data: bytes, patches: Iterable[Patch]) -> bytes:
    """``data`` with ``patches`` written over it; ``data`` itself when they change nothing."""
    changed: bytearray | None = None
    for start, whole in patches:
        new = whole[: len(data) - start]
        if data[start : start + len(new)] != new or changed is not None:
            changed = bytearray(data) if changed is None else changed
            changed[start : start + len(new)] = new
    return data if changed is None or changed == data else bytes(changed)


def redacted(data: bytes, spans: Sequence[Span], redact: Redact, skip: int = 0) -> Iterator[Patch]:
    """The patches that ``redact`` makes in a block that lies in ``spans``, after ``skip`` bytes."""
    block = b"".join(data[start:end] for start, end in spans)
    body = block[skip:]
    new = redact(body)
    if new is body or new == body:
        return
    new = block[:skip] + new
    at = 0
    for start, end in spans:
        size = min(end, len(data)) - start
        yield start, new[at : at + size]
        at += size
