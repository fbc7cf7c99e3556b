"""Progress is a bar on a terminal, a line now and then elsewhere, and nothing when quiet."""

from __future__ import annotations

import io

import pytest

from catstudio.cli import progress
from catstudio.cli.progress import ProgressLine
from catstudio.jobs.events import Progress, Queued, Warned


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_goes_away():
    stream = Terminal()
    line = ProgressLine(stream)
    line(Progress(job_id="1", done=3, total=12, message="Embedding", eta=9))
    shown = stream.getvalue()
    assert shown.startswith("\r[######..")
    assert "3 of 12 · Embedding · about 9 s left" in shown
    line.clear()
    assert stream.getvalue().endswith("\r")
    assert "\n" not in stream.getvalue()


def test_elsewhere_a_line_comes_every_few_seconds(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    line = ProgressLine(stream)
    for second in range(10):
        now[0] = float(second)
        line.show(second, 10)
    assert stream.getvalue().splitlines() == ["3 of 10", "6 of 10", "9 of 10"]


def test_quiet_shows_warnings_only():
    stream = Terminal()
    line = ProgressLine(stream, is_quiet=True)
    line(Progress(job_id="1", done=1, total=2))
    line(Queued(job_id="1"))
    line(Warned(job_id="1", message="half.jpg is cut short.", hint="Copy it again."))
    assert stream.getvalue() == "half.jpg is cut short. Copy it again.\n"


def test_a_warning_does_not_sit_in_the_bar():
    stream = Terminal()
    line = ProgressLine(stream)
    line(Progress(job_id="1", done=1, total=2))
    line(Warned(job_id="1", message="Careful."))
    assert stream.getvalue().split("\r")[-1] == "Careful.\n"


def test_a_count_is_not_said_twice():
    stream = Terminal()
    ProgressLine(stream).show(2, 5, "2 of 5 files")
    assert stream.getvalue().count("2 of 5") == 1
