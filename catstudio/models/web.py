"""HTTP as downloads need it: cancelled within a moment, through proxies, the token to one host only.

Built on the standard library: the client that the hub's own library brings along has changed its
name with that library's versions, and gives no way to break off a read that blocks.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Self
from urllib.parse import SplitResult, unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from catstudio import __version__
from catstudio.core.errors import CancelledError, NetworkError

Check = Callable[[], None]
"""Raises :class:`~catstudio.core.errors.CancelledError` when the person cancelled."""

_TICK = 0.1  # Seconds between looks for Cancel.
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 10
_LONGEST_WAIT = 300.0
_TLS_HINT = (
    "If your network opens encrypted connections itself, name its certificates in SSL_CERT_FILE."
)


class DroppedError(Exception):
    """A connection that failed and is worth trying again; ``wait`` seconds if the server said so."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class Answer:
    """A server's answer whose body is still to be read. Close it, or use it as a context manager."""

    def __init__(
        self, url: str, response: http.client.HTTPResponse, connection: http.client.HTTPConnection
    ) -> None:
        self.url = url
        self.status = response.status
        self.headers: Message = response.headers
        self._response = response
        self._connection = connection

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, as soon as some are there; b"" at the end, early or not."""
        try:
            return self._response.read1(size)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DroppedError(_reason(error)) from error

    def close(self) -> None:
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Web:
    """Opens addresses one at a time. A context manager: inside it Cancel breaks off any wait.

    Parameters
    ----------
    check : called often; what it raises ends whatever is under way.
    proxy : address of a proxy, "" for the one that the system names.
    token, token_origin : the access token, and the only origin (see :func:`origin`) to get it.
    connect_seconds, stall_seconds : the longest waits for a connection, and for a single byte.
    """

    def __init__(
        self,
        check: Check,
        *,
        proxy: str = "",
        token: str = "",
        token_origin: str = "",
        connect_seconds: float = 15.0,
        stall_seconds: float = 30.0,
    ) -> None:
        self._check = check
        self._proxy = proxy
        self._token = token
        self._token_origin = token_origin
        self._connect_seconds = connect_seconds
        self._stall_seconds = stall_seconds
        self._socket: socket.socket | None = None
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="download-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watcher.join()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to GET ``url``, redirects followed.

        Raises
        ------
        DroppedError : no connection, or it broke.
        NetworkError : what trying again does not change (no trust, endless redirects).
        """
        for _ in range(_MAX_REDIRECTS):
            self._check()
            try:
                answer = self._get_once(url, dict(headers or {}))
            except (OSError, http.client.HTTPException) as error:
                self._check()  # Cancel breaks connections, too.
                raise _explained(error, url) from error
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            answer.close()
            url = urljoin(url, location)
        raise NetworkError(
            f"{urlsplit(url).hostname} only passes on to other addresses.",
            "Check the mirror and the proxy under Models.",
        )

    def _get_once(self, url: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NetworkError(f"{url} is no web address.", "Check the mirror under Models.")
        connection, target = self._connection(parts, headers)
        headers |= {"User-Agent": f"catstudio/{__version__}", "Accept-Encoding": "identity"}
        if self._token and origin(url) == self._token_origin and _is_private(parts):
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            self._waited(connection.connect)
            if connection.sock is not None:
                connection.sock.settimeout(self._stall_seconds)
            self._socket = connection.sock
            connection.request("GET", target, headers=headers)
            return Answer(url, connection.getresponse(), connection)
        except BaseException:
            connection.close()
            raise

    def _connection(
        self, parts: SplitResult, headers: dict[str, str]
    ) -> tuple[http.client.HTTPConnection, str]:
        """A connection to the host or its proxy, and what to ask for on it."""
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        host, is_secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        proxy = self._proxy_for(parts)
        at, at_port = (proxy.hostname or "", proxy.port or 80) if proxy else (host, port)
        if not is_secure:
            if proxy:
                headers |= _proxy_login(proxy)
                path = parts._replace(fragment="").geturl()
            return http.client.HTTPConnection(at, at_port, timeout=self._connect_seconds), path
        secure = http.client.HTTPSConnection(
            at, at_port, timeout=self._connect_seconds, context=_trust()
        )
        if proxy:
            secure.set_tunnel(host, port, _proxy_login(proxy))
        return secure, path

    def _proxy_for(self, parts: SplitResult) -> SplitResult | None:
        host = parts.hostname or ""
        given = self._proxy or getproxies().get(parts.scheme, "")
        if not given or proxy_bypass(host):
            return None
        proxy = urlsplit(given if "://" in given else f"http://{given}")
        if proxy.scheme != "http":
            raise NetworkError(
                f"The proxy {proxy.scheme}://{proxy.hostname} is of a kind that is not supported.",
                "Name an http:// proxy under Models, or in HTTPS_PROXY.",
            )
        return proxy

    def _waited(self, connect: Callable[[], None]) -> None:
        """Connect on a thread of its own: looking a name up cannot be broken off."""
        outcome: list[Exception] = []
        is_done = threading.Event()

        def run() -> None:
            try:
                connect()
            except (OSError, ValueError, http.client.HTTPException) as error:
                outcome.append(error)
            finally:
                is_done.set()

        threading.Thread(target=run, name="download-connect", daemon=True).start()
        while not is_done.wait(_TICK):
            self._check()
        if outcome:
            raise outcome[0]

    def _watch(self) -> None:
        """Break the connection when the person cancels, whatever waits on it."""
        while not self._is_over.wait(_TICK):
            try:
                self._check()
            except CancelledError:
                if self._socket is not None:
                    with contextlib.suppress(OSError):
                        self._socket.shutdown(socket.SHUT_RDWR)


def origin(url: str) -> str:
    """``https://host:port`` of an address."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def retry_after(headers: Message) -> float:
    """Seconds that the server asks to wait, from 0 to five minutes; a date counts from now."""
    given = (headers.get("Retry-After") or "").strip()
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else 0.0  # noqa: PLR0124 - nan


def _is_private(parts: SplitResult) -> bool:
    """A token goes over encrypted connections, or stays on this computer."""
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The system's certificates; those of certifi where a bundled Python finds none."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and ssl.get_default_verify_paths().capath is None:
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context


def _explained(error: Exception, url: str) -> Exception:
    host = urlsplit(url).hostname
    if isinstance(error, ssl.SSLCertVerificationError):
        return NetworkError(
            f"{host} cannot be trusted: {error.verify_message}.",
            f"Check the clock of this computer. {_TLS_HINT}",
        )
    return DroppedError(f"{host}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, socket.gaierror):
        return "its address is not known (no connection?)"
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(error, OSError):
        return error.strerror or str(error) or "the connection broke"
    return "the connection broke"
