"""The worker process as the window sees it: spawned on first need, killed without regret."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from catstudio.core.errors import WorkerDiedError
from catstudio.core.paths import log_dir
from catstudio.jobs.events import AnyEvent
from catstudio.jobs.wire import AnyCommand, Channel, event_decoder

_ENVIRONMENT = {
    # No call home, no progress bars in the log, no warning about forked tokenizers.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # numpy's linear algebra, of many small systems: a second thread waits for the first at each,
    # and holds a core that other programs want. torch counts its threads by itself.
    "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
}
_LOG_TAIL = 4000
_LOG_LIMIT = 1 << 20  # Bytes; libraries may print a line a step for months.


class WorkerProcess:
    """One running worker: send commands, receive events until None."""

    def __init__(self) -> None:
        self._log: Path | None = None
        self._log_start = 0
        try:
            self._process = self._start()
        except OSError as error:
            raise WorkerDiedError(
                f"The worker process could not be started: {error.strerror or error}.",
                "Close other programs and try again; if it comes back, install CatStudio anew.",
            ) from error
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("the worker was started without pipes")
        self._pipes = (self._process.stdin, self._process.stdout)
        self._channel: Channel[AnyCommand, AnyEvent] = Channel(
            self._process.stdout, self._process.stdin, event_decoder()
        )
        self._stopping = threading.Lock()

    def _start(self) -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as stack:
            log: IO[bytes] | int = subprocess.DEVNULL
            # Without a place for a log (a full disk, a home that is read-only) work goes on.
            with contextlib.suppress(OSError):
                path = log_dir() / "worker.log"
                # Appended to: another window's worker may be writing there too.
                log = stack.enter_context(path.open("ab"))
                self._log, self._log_start = path, path.stat().st_size
                self.trim_log()
            return subprocess.Popen(
                _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": _python_path()},
                **_own_group(),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, command: AnyCommand) -> None:
        """Raises :class:`OSError` when the worker is gone."""
        self._channel.send(command)

    def receive(self) -> AnyEvent | None:
        """The next event; None when the worker has ended."""
        return self._channel.receive()

    def death(self) -> WorkerDiedError:
        """Why the worker ended, in a sentence; waits for it to be gone."""
        code = self._process.wait()
        if os.name == "posix" and code == -signal.SIGKILL:
            reason = "it was killed, most likely because the computer ran out of memory"
            hint = "Close other programs, or choose a smaller size or model, and try again."
        else:
            reason = f"it ended by itself ({_code_name(code)})"
            hint = "Try again; if it comes back, copy the details and report them."
        return WorkerDiedError(
            f"The worker process stopped: {reason}.",
            f"{hint} Everything finished so far is kept, and a new worker is ready.",
        )

    def log_tail(self) -> str:
        """The end of what the worker and its libraries printed."""
        if self._log is None:
            return ""
        try:
            with self._log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                # Not what an earlier worker said, unless the log was begun anew since.
                start = self._log_start if size >= self._log_start else 0
                log.seek(max(start, size - _LOG_TAIL))
                return log.read(_LOG_TAIL).decode(errors="replace")
        except OSError:
            return ""

    def trim_log(self) -> None:
        """Begin the log anew when it has grown long. Call between two jobs."""
        with contextlib.suppress(OSError):
            if self._log is not None and self._log.stat().st_size > _LOG_LIMIT:
                os.truncate(self._log, 0)
                self._log_start = 0

    def stop(self) -> None:
        """End the process now, whatever it does; may be called twice and from any thread."""
        with self._stopping:
            if self.is_alive:
                self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Stop the process and free its pipes. Call when nobody is receiving any more."""
        self.stop()
        for pipe in self._pipes:
            # Unsent bytes to a dead process: there is nobody to read them.
            with contextlib.suppress(OSError):
                pipe.close()


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    # -P: a file called random.py or types.py in the folder that we were started from is not ours.
    return [sys.executable, "-P", "-m", "catstudio.jobs.worker"]


def _python_path() -> str:
    """Let the worker find this same package when it runs from a checkout."""
    root = str(Path(__file__).resolve().parents[2])
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([root, given]) if given else root


def _own_group() -> dict[str, Any]:
    """Keep Ctrl-C in a terminal from reaching the worker: the window tells it to cancel."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags}
    return {"process_group": 0}


def _code_name(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
