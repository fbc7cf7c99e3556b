"""A hub on this computer that misbehaves on demand: real HTTP, on loopback, with the hub's answers.

The shape of the answers follows huggingface_hub: ``/api/models/…/revision`` and ``/tree``,
``/resolve`` that passes large files on to another host.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server has and how it behaves. ``files`` by path; those of ``large`` are kept as
    LFS objects on another port. Each hook is asked with the number of the request for a file."""

    repo: str
    files: dict[str, bytes]
    large: frozenset[str] = frozenset()
    revision: str = "main"
    """What is asked for; a commit is answered with itself."""
    cut: Callable[[int], int | None] = lambda _: None
    """After how many bytes the connection breaks; None for never."""
    status: Callable[[int], tuple[int, dict[str, str]]] = lambda _: (200, {})
    has_ranges: bool = True
    says_length: bool = True
    etag: Callable[[int], str] = lambda _: '"one"'
    altered: Callable[[int, bytes], bytes] = lambda _, data: data
    gate: threading.Event | None = None
    """A body is sent only so far as this allows: half of it before."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """(host, path, Authorization) of every request."""
    downloads: int = 0
    endpoint: str = ""
    storage: str = ""

    @property
    def commit(self) -> str:
        return self.revision if len(self.revision) == len(COMMIT) else COMMIT

    def entry(self, path: str) -> dict[str, Any]:
        data = self.files[path]
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        found: dict[str, Any] = {"type": "file", "path": path, "oid": oid, "size": len(data)}
        if path in self.large:
            found["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
        return found


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve ``hub`` on two loopback ports, until the block ends."""
    servers = [_server(hub), _server(hub)]
    hub.endpoint, hub.storage = (f"http://127.0.0.1:{one.server_address[1]}" for one in servers)
    threads = [
        threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True) for one in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        if hub.gate is not None:
            hub.gate.set()
        for one, thread in zip(servers, threads, strict=True):
            one.shutdown()
            one.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up while its next request was waited for."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _server(hub: Hub) -> ThreadingHTTPServer:  # noqa: C901 - one class, closed over its hub
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            with suppress(OSError):  # Who asked has hung up.
                self._answer()

        def _answer(self) -> None:
            path = self.path.split("?")[0]
            host = f"http://{self.headers['Host']}"
            hub.requests.append((host, path, self.headers.get("Authorization", "")))
            if path == f"/api/models/{hub.repo}/revision/{hub.revision}":
                self._json({"sha": hub.commit})
            elif path == f"/api/models/{hub.repo}/tree/{hub.commit}":
                self._json([hub.entry(one) for one in hub.files])
            elif path.startswith(f"/{hub.repo}/resolve/{hub.commit}/"):
                self._file(path.split(f"{hub.commit}/", 1)[1], host)
            elif path.startswith("/storage/"):
                self._send(path.removeprefix("/storage/"))
            else:
                self._json({"error": "not found"}, 404, {"X-Error-Code": "RepoNotFound"})

        def _json(self, what: Any, status: int = 200, more: dict[str, str] | None = None) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            for name, value in {**(more or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _file(self, path: str, host: str) -> None:
            if path in hub.large and host == hub.endpoint:
                self.send_response(302)
                self.send_header("Location", f"{hub.storage}/storage/{path}")
                self.send_header("X-Linked-Size", str(len(hub.files[path])))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(path)

        def _send(self, path: str) -> None:
            number = hub.downloads
            hub.downloads += 1
            status, headers = hub.status(number)
            if status != 200:
                self._json({"error": "busy"}, status, headers)
                return
            data = hub.altered(number, hub.files[path])
            first = self._first(len(data), hub.etag(number)) if hub.has_ranges else 0
            self.send_response(206 if first else 200)
            self.send_header("ETag", hub.etag(number))
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            if hub.says_length:
                self.send_header("Content-Length", str(len(data) - first))
            else:
                self.close_connection = True
            self.end_headers()
            self._body(data[first:], hub.cut(number))

        def _first(self, size: int, etag: str) -> int:
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            wanted = self.headers.get("If-Range", etag)
            return int(found[1]) if found and int(found[1]) < size and wanted == etag else 0

        def _body(self, data: bytes, cut: int | None) -> None:
            if hub.gate is not None and not hub.gate.is_set():
                self.wfile.write(data[: len(data) // 2])
                hub.gate.wait(20)
                data = data[len(data) // 2 :]
            self.wfile.write(data if cut is None else data[:cut])
            self.wfile.flush()
            if cut is not None and cut < len(data):
                self.close_connection = True

    return _Server(("127.0.0.1", 0), Handler)
