"""Frames between window and worker: length, then one MessagePack value."""

from __future__ import annotations

import struct
import threading
from typing import IO, Generic, TypeVar

import msgspec
from msgspec import Struct

from catstudio.core.errors import BadInputError
from catstudio.jobs.events import AnyEvent
from catstudio.jobs.requests import AnyRequest

Sent = TypeVar("Sent")
Received = TypeVar("Received")

_LENGTH = struct.Struct("<Q")


class Run(Struct, frozen=True, tag=True):
    """Window to worker: do this job next."""

    request: AnyRequest


class Cancel(Struct, frozen=True, tag=True):
    """Window to worker: stop that job."""

    job_id: str


class WarmUp(Struct, frozen=True, tag=True):
    """Window to worker: import the heavy libraries while the person looks around."""


AnyCommand = Run | Cancel | WarmUp


class Channel(Generic[Sent, Received]):
    """One direction each way over two binary files; sending is safe from several threads."""

    def __init__(
        self, source: IO[bytes], sink: IO[bytes], received: msgspec.msgpack.Decoder[Received]
    ) -> None:
        self._source = source
        self._sink = sink
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = received
        self._lock = threading.Lock()

    def send(self, message: Sent) -> None:
        """Send one message.

        Raises :class:`OSError` when the other side is gone, and :class:`BadInputError` for a
        file name that is not text, which no message can carry.
        """
        try:
            data = self._encoder.encode(message)
        except UnicodeEncodeError as error:
            shown = str(error.object).encode("utf-8", "replace").decode()
            raise BadInputError(
                f"The name {shown} is not valid text.", "Rename the file or folder and try again."
            ) from error
        with self._lock:
            try:
                self._sink.write(_LENGTH.pack(len(data)))
                self._sink.write(data)
                self._sink.flush()
            except ValueError as error:  # The file was closed by another thread.
                raise BrokenPipeError("the pipe is closed") from error

    def receive(self) -> Received | None:
        """The next message; None when the other side is gone."""
        head = self._read(_LENGTH.size)
        if head is None:
            return None
        data = self._read(_LENGTH.unpack(head)[0])
        return None if data is None else self._decoder.decode(data)

    def _read(self, size: int) -> bytes | None:
        try:
            data = self._source.read(size)
        except (OSError, ValueError):  # ValueError: the file was closed by another thread.
            return None
        return data if len(data) == size else None


def command_decoder() -> msgspec.msgpack.Decoder[AnyCommand]:
    """Decodes what the window sends."""
    return msgspec.msgpack.Decoder(AnyCommand)


def event_decoder() -> msgspec.msgpack.Decoder[AnyEvent]:
    """Decodes what the worker sends."""
    return msgspec.msgpack.Decoder(AnyEvent)
