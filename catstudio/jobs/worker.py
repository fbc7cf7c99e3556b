"""The worker process: takes requests from its standard input, answers with events on its output.

Started as ``python -m catstudio.jobs.worker``. It is the only process that imports torch,
diffusers and onnxruntime. It never opens the project: it is given paths and returns bytes,
so it can die at any instant and take nothing with it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import traceback
from typing import Any, BinaryIO

from catstudio.core.errors import CancelledError, CatStudioError, OutOfMemoryError
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, Cancelled, Done, Failed
from catstudio.jobs.requests import (
    AnyRequest,
    AuditRequest,
    EvaluateRequest,
    GenerateRequest,
    MapRequest,
    PersonaliseRequest,
    PredictRequest,
    TrainRequest,
    WordsRequest,
)
from catstudio.jobs.wire import AnyCommand, Cancel, Channel, Run, WarmUp, command_decoder

_NICENESS = 5  # Below the window: the person's scrolling comes first.


class Worker:
    """Runs one job at a time on the main thread; another thread listens for Cancel."""

    def __init__(self, channel: Channel[AnyEvent, AnyCommand]) -> None:
        self._channel = channel
        self._commands: queue.SimpleQueue[Run | WarmUp | None] = queue.SimpleQueue()
        self._cancelled: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Work until the window closes the pipe."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while (command := self._commands.get()) is not None:
            if isinstance(command, WarmUp):
                _warm_up()
            else:
                self._answer(command.request)

    def _answer(self, request: AnyRequest) -> None:
        end = self._run(request)
        try:
            self._channel.send(end)
        except OSError:
            raise
        except Exception as error:  # A result that no message can carry must not end the worker.
            self._channel.send(_failed(request.job_id, _unexpected(error), cause=error))

    def _listen(self) -> None:
        try:
            while (command := self._channel.receive()) is not None:
                if isinstance(command, Cancel):
                    self._token(command.job_id).set()
                else:
                    self._commands.put(command)
        except BaseException:
            # Deaf, it would be waited for without end; dead, it is reported and replaced.
            traceback.print_exc()
            os._exit(1)
        # The window is gone: nobody wants the result, and a step may take minutes.
        os._exit(0)

    def _token(self, job_id: str) -> threading.Event:
        with self._lock:
            return self._cancelled.setdefault(job_id, threading.Event())

    def _run(self, request: AnyRequest) -> AnyEvent:
        """The one terminal event of a job."""
        job = request.job_id
        context = JobContext(job, self._channel.send, self._token(job))
        try:
            context.check_cancelled()
            result, files = _dispatch(request, context)
            return Done(job_id=job, result=result, files=files)
        except CancelledError as error:
            return Cancelled(job_id=job, result=error.result)
        except CatStudioError as error:
            return _failed(job, error)
        except MemoryError as error:
            return _failed(
                job,
                OutOfMemoryError(
                    "There was not enough memory for this.",
                    "Close other programs, or choose a smaller size or fewer images.",
                ),
                cause=error,
            )
        except Exception as error:
            return _failed(job, _unexpected(error), cause=error)
        finally:
            with self._lock:
                self._cancelled.pop(job, None)


def _unexpected(error: Exception) -> CatStudioError:
    return CatStudioError(
        f"Something unexpected went wrong ({type(error).__name__}: {error}).",
        "Everything finished so far is kept. Try again; if it comes back, "
        "copy the details and report them.",
    )


def _failed(job: str, error: CatStudioError, cause: BaseException | None = None) -> Failed:
    return Failed(
        job_id=job,
        message=error.message,
        hint=error.hint,
        error=type(error).__name__,
        details="".join(traceback.format_exception(cause or error)),
    )


def _dispatch(request: AnyRequest, context: JobContext) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Do the job. The heavy modules are imported here, in this process, on first need."""
    if isinstance(request, GenerateRequest):
        from catstudio.sources import source

        return source(request.method).load()(request, context), {}
    if isinstance(request, PersonaliseRequest):
        from catstudio.engine import personalise

        return personalise.run(request, context)
    if isinstance(request, AuditRequest):
        from catstudio.engine import auditing

        return auditing.audit(request, context), {}
    if isinstance(request, MapRequest):
        from catstudio.engine import mapping

        return mapping.lay_out(request, context)
    if isinstance(request, WordsRequest):
        from catstudio.engine import mapping

        return mapping.place_words(request), {}
    from catstudio.engine import training

    if isinstance(request, TrainRequest):
        return training.train(request, context)
    if isinstance(request, EvaluateRequest):
        return training.evaluate(request, context), {}
    if isinstance(request, PredictRequest):
        return training.predict(request, context), {}
    raise TypeError(f"{type(request).__name__} is not a job for the worker")


def _warm_up() -> None:
    # A library that cannot be imported is reported by the job that needs it, not here.
    with contextlib.suppress(Exception):
        import onnxruntime  # noqa: F401
        import torch  # noqa: F401

        from catstudio.engine import training  # noqa: F401


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the window; whatever a library prints goes to the log instead."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def main() -> None:
    """Serve on the standard pipes."""
    source, sink = _private_pipes()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    channel: Channel[AnyEvent, AnyCommand] = Channel(source, sink, command_decoder())
    # The window that was killed leaves a broken pipe: nothing to say, nobody to say it to.
    with contextlib.suppress(BrokenPipeError):
        Worker(channel).serve()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
