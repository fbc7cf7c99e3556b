"""The questions put to a data set and its model, one module each, listed here. Imports learn, core."""

from __future__ import annotations

from catstudio.audit import (
    calibration,
    copies,
    diversity,
    image_quality,
    label_errors,
    label_source_confounding,
    leakage,
    leans_on_source,
    real_vs_synthetic,
    turkey_test,
)
from catstudio.audit.base import AuditData, Check, Finding, Shown, Strangers, Verdict

CHECKS: tuple[Check, ...] = (
    real_vs_synthetic.CHECK,
    label_source_confounding.CHECK,
    leans_on_source.CHECK,
    diversity.CHECK,
    copies.CHECK,
    leakage.CHECK,
    label_errors.CHECK,
    image_quality.CHECK,
    calibration.CHECK,
    turkey_test.CHECK,
)
"""In the order in which they are shown."""

__all__ = ["CHECKS", "AuditData", "Check", "Finding", "Shown", "Strangers", "Verdict"]
