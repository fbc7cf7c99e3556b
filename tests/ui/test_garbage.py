"""Garbage is collected on the window's thread, and nowhere else."""

from __future__ import annotations

import gc

from catstudio.ui.garbage import GarbageCollector


def test_collects_what_is_due_and_gives_back(qapp, monkeypatch) -> None:
    was_enabled = gc.isenabled()
    gc.enable()
    collector = GarbageCollector()
    try:
        assert not gc.isenabled()
        monkeypatch.setattr(gc, "get_count", lambda: (9_999, 0, 0))
        assert collector.collect() == 0
        monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 999))
        assert collector.collect() == 2
        monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 0))
        assert collector.collect() is None
        collector.close()
        collector.close()
        assert gc.isenabled()
    finally:
        if not was_enabled:
            gc.disable()
