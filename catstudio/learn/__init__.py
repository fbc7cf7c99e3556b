"""Embeddings in, numbers out: splits, heads, evaluation, calibration, open-set. numpy only; no Qt, no torch."""
