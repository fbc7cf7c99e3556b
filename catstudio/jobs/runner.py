"""Running jobs in lanes: files and downloads in this process, everything heavy in the worker.

Each lane is a thread with a queue; a job's events reach the subscriber in order and end with
exactly one terminal event, whatever happens to the worker.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import traceback
from collections.abc import Callable

from catstudio.core.errors import CancelledError, CatStudioError, OutOfMemoryError
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import TERMINAL, AnyEvent, Cancelled, Done, Failed, Queued
from catstudio.jobs.process import WorkerProcess
from catstudio.jobs.requests import AnyRequest, Lane
from catstudio.jobs.wire import Cancel, Run, WarmUp

Publish = Callable[[AnyEvent], None]
HereJob = Callable[[AnyRequest, JobContext], Done]
"""Runs a job in this process; returns its terminal event, raises on failure or cancel."""
Keep = Callable[[AnyRequest, AnyEvent], AnyEvent | None]
"""Keeps what a worker's event brings (an image, a model); returns the event to publish, or None."""


class _Job:
    """One submitted request and its own cancel token."""

    def __init__(self, request: AnyRequest) -> None:
        self.request = request
        self.cancelled = threading.Event()
        self.is_announced = False
        self.is_running = False


class JobRunner:
    """Takes requests from any thread and publishes their events.

    Parameters
    ----------
    publish : called from lane threads (and from :meth:`submit`) with each event, in order.
    run_here : does the jobs whose lane is in this process.
    keep : called in the worker's lane with each event before it is published.
    """

    def __init__(self, publish: Publish, run_here: HereJob, keep: Keep) -> None:
        self._publish = publish
        self._run_here = run_here
        self._keep = keep
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._closing = False
        self._queues: dict[Lane, queue.SimpleQueue[_Job | WarmUp | None]] = {
            lane: queue.SimpleQueue() for lane in Lane
        }
        self._threads = [
            threading.Thread(target=self._serve, args=(lane,), name=f"jobs-{lane}", daemon=True)
            for lane in Lane
        ]
        for thread in self._threads:
            thread.start()

    # -- from any thread -------------------------------------------------------------------

    def submit(self, request: AnyRequest, title: str) -> str:
        """Queue a job; returns its id at once."""
        job = _Job(request)
        with self._lock:
            if self._closing:
                raise CatStudioError("The project is being closed.", "Open it again.")
            self._jobs[request.job_id] = job
        self._publish(Queued(job_id=request.job_id, title=title))
        with self._lock:
            job.is_announced = True
            # Cancelled while it was announced: only now may its end be told.
            is_over = job.cancelled.is_set()
        if is_over:
            self._end(job, Cancelled(job_id=request.job_id))
        else:
            self._queues[request.lane].put(job)
        return request.job_id

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; one that waits ends at once, one that runs within a step."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.cancelled.is_set():
                return
            job.cancelled.set()
            is_waiting = job.is_announced and not job.is_running
            worker = self._worker if job.is_running else None
            if is_waiting:
                del self._jobs[job_id]
        if is_waiting:
            self._publish(Cancelled(job_id=job_id))
        elif worker is not None and job.request.lane is Lane.WORKER:
            # A worker that is still starting reads nothing yet, and a long request fills the pipe:
            # whoever pressed Cancel must not wait for that.
            threading.Thread(
                target=_send_cancel, args=(worker, job_id), name="jobs-cancel", daemon=True
            ).start()

    def kill_worker(self) -> None:
        """Stop the worker now, for a step that does not end; its job fails, the next restarts it."""
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.stop()

    def warm_up(self) -> None:
        """Start the worker and its imports while nothing else is to do."""
        self._queues[Lane.WORKER].put(WarmUp())

    @property
    def worker_pid(self) -> int | None:
        worker = self._worker
        return worker.pid if worker is not None and worker.is_alive else None

    def is_idle(self) -> bool:
        with self._lock:
            return not self._jobs

    def jobs(self, lane: Lane) -> tuple[str, ...]:
        """Ids of the jobs that wait or run in ``lane``, in the order of their asking."""
        with self._lock:
            return tuple(id_ for id_, job in self._jobs.items() if job.request.lane is lane)

    def close(self) -> None:
        """Cancel everything, stop the worker and join the threads; may be called twice."""
        with self._lock:
            self._closing = True
            waiting = list(self._jobs)
        for job_id in waiting:
            self.cancel(job_id)
        for waiting_jobs in self._queues.values():
            waiting_jobs.put(None)
        self.kill_worker()
        for thread in self._threads:
            thread.join()

    # -- lanes -----------------------------------------------------------------------------

    def _begin(self, job: _Job) -> bool:
        """False when the job was cancelled while it waited (and has had its terminal event)."""
        with self._lock:
            job.is_running = not job.cancelled.is_set()
            return job.is_running

    def _end(self, job: _Job, event: AnyEvent) -> None:
        with self._lock:
            self._jobs.pop(job.request.job_id, None)
        self._publish(event)

    def _serve(self, lane: Lane) -> None:
        run = self._run_in_worker if lane is Lane.WORKER else self._run_in_thread
        while (job := self._queues[lane].get()) is not None:
            if isinstance(job, WarmUp):
                self._send_warm_up()
            elif self._begin(job):
                self._end(job, run(job))
        if lane is Lane.WORKER and self._worker is not None:
            self._worker.close()

    def _run_in_thread(self, job: _Job) -> AnyEvent:
        """Do the job on this lane's thread; returns its one terminal event."""
        job_id = job.request.job_id
        try:
            return self._run_here(job.request, JobContext(job_id, self._publish, job.cancelled))
        except CancelledError as error:
            return Cancelled(job_id=job_id, result=error.result)
        except Exception as error:
            return _failure(job_id, error)

    def _send_warm_up(self) -> None:
        try:
            self._living_worker().send(WarmUp())
        except (OSError, CatStudioError):
            return  # The first job starts a worker again, and reports what is wrong with it.

    def _living_worker(self) -> WorkerProcess:
        worker = self._worker
        if worker is None or not worker.is_alive:
            if worker is not None:
                worker.close()
            fresh = WorkerProcess()
            with self._lock:
                self._worker = fresh
                closing = self._closing
            if closing:
                fresh.stop()
            return fresh
        worker.trim_log()
        return worker

    def _run_in_worker(self, job: _Job) -> AnyEvent:
        """Hand the job over and pass its events on; returns its one terminal event."""
        try:
            end = self._converse(job)
        except Exception as error:
            # Not understood: what it says from here on could be taken for another job's.
            self.kill_worker()
            end = _failure(job.request.job_id, error)
        try:
            return self._keep(job.request, end) or end
        except Exception as error:
            return _failure(job.request.job_id, error)

    def _converse(self, job: _Job) -> AnyEvent:
        """Publish what the worker says until the end, which is returned and not yet kept."""
        job_id = job.request.job_id
        worker = self._living_worker()
        problem: CatStudioError | None = None
        with contextlib.suppress(OSError):  # A worker that is gone also stops speaking.
            worker.send(Run(job.request))
            if job.cancelled.is_set():  # Between _begin and here nobody could tell the worker.
                worker.send(Cancel(job_id))
        while (event := worker.receive()) is not None:
            if isinstance(event, TERMINAL):
                return _failure(job_id, problem) if problem else event
            try:
                kept = self._keep(job.request, event)
            except Exception as error:
                # What cannot be kept (a full disk) ends the job; the worker is told to stop.
                if problem is None:
                    problem = _as_catstudio(error)
                    with contextlib.suppress(OSError):
                        worker.send(Cancel(job_id))
                continue
            if kept is not None:
                self._publish(kept)
        if job.cancelled.is_set():
            return Cancelled(job_id=job_id)
        return _failure(job_id, problem or worker.death(), worker.log_tail())


def _send_cancel(worker: WorkerProcess, job_id: str) -> None:
    with contextlib.suppress(OSError):  # It died meanwhile: its lane reports that.
        worker.send(Cancel(job_id))


def _as_catstudio(error: Exception) -> CatStudioError:
    if isinstance(error, CatStudioError):
        return error
    if isinstance(error, MemoryError):
        return OutOfMemoryError(
            "There was not enough memory for this.",
            "Close other programs, or choose smaller or fewer images. What is finished is kept.",
        )
    return CatStudioError(
        f"Something unexpected went wrong ({type(error).__name__}: {error}).",
        "Everything finished so far is kept. Copy the details and report them.",
    )


def _failure(job_id: str, error: Exception, details: str = "") -> Failed:
    known = _as_catstudio(error)
    trace = "".join(traceback.format_exception(error))
    return Failed(
        job_id=job_id,
        message=known.message,
        hint=known.hint,
        error=type(known).__name__,
        details=f"{trace}\n{details}".strip(),
        result=known.result,
    )
