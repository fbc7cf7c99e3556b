"""Requests, events, runner, worker process, cancel. Imports core and, lazily in the worker, engine; never Qt."""
