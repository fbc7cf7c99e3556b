"""The lanes when things go wrong: cancels at awkward instants, workers that die, speak oddly or never start."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catstudio.core.errors import CatStudioError, WorkerDiedError
from catstudio.core.paths import log_dir
from catstudio.jobs import process
from catstudio.jobs.events import TERMINAL, AnyEvent, Cancelled, Done, Failed, Queued
from catstudio.jobs.process import WorkerProcess
from catstudio.jobs.requests import ImportRequest, PredictRequest
from catstudio.jobs.runner import JobRunner

# A worker that speaks the wire's language without loading anything: what it does is in the path.
WORKER = """
import os, sys, time
from catstudio.jobs import worker
from catstudio.jobs.events import Done, Progress
from catstudio.core.errors import CancelledError

def dispatch(request, context):
    for word in request.paths:
        if word == "print":
            sys.stdout.write("x" * 3_000_000 + "the end"); sys.stdout.flush()
            os.write(1, b"from C")
        elif word == "exit":
            os._exit(3)
        elif word == "unsendable":
            return {"value": object()}, {}
        elif word == "odd":
            context._emit(Progress(job_id=context.job_id, done="many", total=1))
            time.sleep(0.2)
        elif word == "wait":
            while not context.is_cancelled:
                time.sleep(0.01)
            context.check_cancelled()
        else:
            context.progress(1, 2, word)
    return {"pid": os.getpid(), "argv": sys.path[0]}, {}

worker._dispatch = dispatch
worker.main()
"""


class Events:
    """Collects what a runner publishes; waits for ends."""

    def __init__(self) -> None:
        self.all: list[AnyEvent] = []
        self._ends: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()

    def __call__(self, event: AnyEvent) -> None:
        self.all.append(event)
        if isinstance(event, TERMINAL):
            self._ends.put(event)

    def end(self) -> AnyEvent:
        return self._ends.get(timeout=30)

    def of(self, job_id: str) -> list[str]:
        return [type(e).__name__ for e in self.all if e.job_id == job_id]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def runner(events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    monkeypatch.setattr(process, "_command", lambda: [sys.executable, str(script)])

    def run_local(request: ImportRequest, context) -> Done:
        while not context.is_cancelled:
            time.sleep(0.005)
        context.check_cancelled()
        raise AssertionError

    opened = JobRunner(events, run_local, lambda _, event: event)
    yield opened
    opened.close()
    opened.close()


def ask(runner: JobRunner, *words: str, job: str = "a") -> str:
    return runner.submit(PredictRequest(job_id=job, paths=words, run_folder=""), "title")


def test_a_worker_that_prints_megabytes_is_not_held_up(runner: JobRunner, events: Events) -> None:
    ask(runner, "print", "word")
    assert isinstance(events.end(), Done)
    log = (log_dir() / "worker.log").read_bytes()
    assert log.endswith(b"from C") or b"the end" in log
    ask(runner, "exit", job="b")
    died = events.end()
    assert isinstance(died, Failed)
    assert "exit code 3" in died.message
    assert len(died.details) < 10_000
    ask(runner, job="c")
    assert isinstance(events.end(), Done)
    assert (log_dir() / "worker.log").stat().st_size < 1 << 20


def test_a_result_that_cannot_be_sent_fails_its_job_only(runner: JobRunner, events: Events) -> None:
    ask(runner)
    first = events.end()
    ask(runner, "unsendable", job="b")
    failed = events.end()
    assert isinstance(failed, Failed)
    assert "object" in failed.message
    ask(runner, job="c")
    last = events.end()
    assert isinstance(first, Done) and isinstance(last, Done)
    assert first.result["pid"] == last.result["pid"]


def test_what_is_not_understood_is_not_taken_for_the_next_job(
    runner: JobRunner, events: Events
) -> None:
    ask(runner, "odd", job="a")
    ask(runner, "wait", job="b")
    failed = events.end()
    assert isinstance(failed, Failed) and failed.job_id == "a"
    time.sleep(0.4)
    assert "Done" not in events.of("b")
    runner.cancel("b")
    assert isinstance(events.end(), Cancelled)
    assert events.of("a")[-1] == "Failed"


def test_a_worker_that_cannot_start_is_said(
    runner: JobRunner, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_command", lambda: ["/no/such/python"])
    runner.warm_up()
    ask(runner)
    failed = events.end()
    assert isinstance(failed, Failed)
    assert failed.error == WorkerDiedError.__name__
    assert "could not be started" in failed.message
    monkeypatch.setattr(process, "_command", lambda: [sys.executable, "-c", "raise SystemExit(7)"])
    ask(runner, job="b")
    failed = events.end()
    assert isinstance(failed, Failed)
    assert "exit code 7" in failed.message


def test_a_log_that_cannot_be_written_stops_nothing(
    runner: JobRunner, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable() -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(process, "log_dir", unwritable)
    ask(runner, "print")
    assert isinstance(events.end(), Done)
    ask(runner, "exit", job="b")
    assert isinstance(events.end(), Failed)


def test_cancel_at_once_ends_once_and_after_queued(runner: JobRunner, events: Events) -> None:
    for n in range(30):
        job = ask(runner, "wait", job=f"j{n}")
        if n % 3:
            time.sleep(0.002 * (n % 5))
        runner.cancel(job)
        runner.cancel(job)
        assert isinstance(events.end(), Cancelled)
        assert events.of(job) == ["Queued", "Cancelled"]
    assert runner.is_idle()
    runner.cancel("j0")
    runner.cancel("nobody")


def test_cancel_while_it_is_announced_comes_after_queued(
    runner: JobRunner, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel_first(event: AnyEvent) -> None:
        if isinstance(event, Queued):
            runner.cancel(event.job_id)
        events(event)

    monkeypatch.setattr(runner, "_publish", cancel_first)
    ask(runner, "word")
    assert isinstance(events.end(), Cancelled)
    runner.submit(ImportRequest(job_id="b"), "title")
    assert isinstance(events.end(), Cancelled)
    assert events.of("a") == events.of("b") == ["Queued", "Cancelled"]


def test_cancel_while_the_worker_starts_ends_the_job(runner: JobRunner, events: Events) -> None:
    words = tuple(f"a long path {n}" * 9 for n in range(20_000))
    ask(runner, *words, "wait")
    time.sleep(0.1)
    runner.cancel("a")
    assert isinstance(events.end(), Cancelled)


def test_worker_killed_while_idle_is_replaced(runner: JobRunner, events: Events) -> None:
    runner.kill_worker()
    ask(runner)
    first = events.end()
    runner.kill_worker()
    runner.kill_worker()
    assert runner.worker_pid is None
    ask(runner, job="b")
    second = events.end()
    assert isinstance(first, Done) and isinstance(second, Done)
    assert first.result["pid"] != second.result["pid"]


@pytest.mark.parametrize("delay", [0, 0.02, 0.3])
def test_closing_ends_every_job_once(runner: JobRunner, events: Events, delay: float) -> None:
    ask(runner, "wait", job="a")
    ask(runner, "wait", job="b")
    runner.submit(ImportRequest(job_id="c"), "title")
    runner.submit(ImportRequest(job_id="d"), "title")
    time.sleep(delay)
    runner.close()
    for job in "abcd":
        assert events.of(job) == ["Queued", "Cancelled"]
    with pytest.raises(CatStudioError, match="closed"):
        ask(runner, job="e")
    runner.warm_up()


def test_many_submit_while_it_closes(runner: JobRunner, events: Events) -> None:
    accepted: list[str] = []

    def submit(name: str) -> None:
        for n in range(50):
            try:
                accepted.append(runner.submit(ImportRequest(job_id=f"{name}{n}"), "title"))
            except CatStudioError:
                return

    threads = [threading.Thread(target=submit, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    time.sleep(0.01)
    runner.close()
    for thread in threads:
        thread.join()
    for job in accepted:
        assert events.of(job) == ["Queued", "Cancelled"]


def test_worker_ignores_modules_of_the_folder_it_is_started_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    command: Callable[[], list[str]] = process._command
    done = subprocess.run(
        [*command(), "--version"],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PYTHONPATH": process._python_path(), "PATH": ""},
        timeout=60,
    )
    assert b"hijacked" not in done.stderr
    assert done.returncode == 0


def test_a_name_that_is_not_text_is_said(runner: JobRunner, events: Events) -> None:
    ask(runner, "caf\udce9.jpg")
    failed = events.end()
    assert isinstance(failed, Failed)
    assert "not valid text" in failed.message
    ask(runner, job="b")
    assert isinstance(events.end(), Done)


def test_a_process_that_was_stopped_twice_is_gone() -> None:
    worker = WorkerProcess()
    worker.stop()
    worker.stop()
    worker.close()
    with pytest.raises(OSError, match="closed"):
        worker.send(None)
    assert worker.receive() is None
    assert isinstance(worker.death(), WorkerDiedError)
