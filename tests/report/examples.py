"""A report and an audit as they are written, small, with text that must be escaped."""

from __future__ import annotations

from typing import Any


def figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


REPORT: dict[str, Any] = {
    "labels": ["cat", "not-cat"],
    "backbone": "efficientnet-lite2",
    "answer": "Right on 93% of real photos it never saw (84 to 97%, n = 40). "
    "Always answering 'not-cat' scores 50%.",
    "n_train": {"photo": 20, "seed": 64},
    "n_test": {"cat": 20, "not-cat": 20},
    "metrics": {
        "n": 40,
        "accuracy": {**figure(0.925, 0.80, 0.97), "n": 40},
        "balanced_accuracy": figure(0.925, 0.80, 0.97),
        "auc": figure(0.98, 0.93, 1.0),
        "ece": figure(0.06, 0.03, 0.12),
        "brier": figure(0.11, 0.07, 0.2),
        "per_class": {
            "cat": {"recall": figure(0.9, 0.70, 0.97), "n": 20},
            "not-cat": {"recall": figure(0.95, 0.76, 0.99), "n": 20},
        },
        "confusion": [[18, 2], [1, 19]],
        "labels": ["cat", "not-cat"],
        "baseline": {"label": "not-cat", "accuracy": 0.5, "balanced_accuracy": 0.5},
    },
    "mistakes": [
        {"id": "m1", "label": "cat", "predicted": "not-cat", "probability": 0.91},
        {"id": "m2", "label": "not-cat", "predicted": "<b>cat</b>", "probability": 0.6},
    ],
    "notes": ["'cat' rests on one real photo: three or more would say better what it is."],
    "synthetic_accuracy": {**figure(1.0, 0.94, 1.0), "n": 64},
    "missing": {},
}


def check(id_: str, verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "title": f"Title of {id_}",
        "question": f"Question of {id_}?",
        "meaning": "0 is fine.",
        "source": "Somebody 2020",
        "verdict": verdict,
        "value": 0.25,
        "low": 0.1,
        "high": 0.4,
        "n": 40,
        "unit": "share",
        "text": f"10 of 40 <photos> & more ({id_}).",
        "advice": "Add photos.",
        "images": [],
        "shown": [],
        "details": {},
        **more,
    }


def change(delta: float, low: float, high: float) -> dict[str, Any]:
    text = f"Beside the real photos it changed the score by {100 * delta:.1f} points (n = 40)."
    return {"delta": delta, "low": low, "high": high, "n": 40, "mcnemar_p": 0.3, "text": text}


AUDIT: dict[str, Any] = {
    "run": 7,
    "created": "2026-01-02T03:04:05+00:00",
    "catstudio": "0.1",
    "checks": [
        check("leakage", "ok", value=0.0, low=0.0, high=0.09),
        check(
            "copies",
            "problem",
            shown=[{"id": "s1", "note": "cosine 0.97", "beside": "p1"}],
            images=["s1"],
        ),
        check("label_errors", "unknown", value=None, low=None, high=None, n=0),
        check(
            "calibration",
            "look",
            unit="error",
            details={
                "after": {
                    "points": [
                        {"confidence": 0.62, "accuracy": 0.5, "n": 8},
                        {"confidence": 0.9, "accuracy": 0.95, "n": 32},
                    ]
                }
            },
        ),
    ],
    "sources": [
        {
            "source": "photo",
            "is_real": True,
            "n": 20,
            "effective_n": 14.2,
            "ablation": change(0.30, 0.18, 0.41),
            "without": change(0.30, 0.18, 0.41),
            "shapley": 0.35,
            "worth_real_photos": None,
            "text": "Without the photos it would be right 30 points less often (n = 40).",
        },
        {
            "source": "seed",
            "is_real": False,
            "n": 64,
            "effective_n": 3.1,
            "ablation": change(0.02, -0.04, 0.08),
            "without": change(0.02, -0.04, 0.08),
            "shapley": 0.02,
            "worth_real_photos": {
                "value": 2.0,
                "low": 0.0,
                "high": 6.0,
                "text": "worth about 2 real photos (0 to 6), which may be none",
            },
            "text": "64 images were worth about 2 real photos (0 to 6): no measurable difference.",
        },
    ],
    "arms": [
        {"id": "real", "title": "real only", "balanced_accuracy": figure(0.9, 0.78, 0.96)},
        {"id": "real+seed", "title": "real and seed", "balanced_accuracy": figure(0.92, 0.8, 0.97)},
    ],
    "learning_curve": {
        "points": [
            {"n": 2, "mean": 0.7, "low": 0.6, "high": 0.8, "repeats": 20},
            {"n": 8, "mean": 0.84, "low": 0.78, "high": 0.9, "repeats": 20},
            {"n": 20, "mean": 0.9, "low": 0.88, "high": 0.92, "repeats": 20},
        ],
        "metric": "balanced_accuracy",
        "text": "Twice as many real photos bought about 5 points.",
    },
    "next": [
        {
            "kind": "test_photos",
            "title": "Photograph 30 more to test on",
            "text": "With n = 40 the interval is 17 points wide.",
            "images": ["p1"],
            "score": 1.0,
        }
    ],
    "why_not": {},
    "seconds": {"embed": 1.0, "sources": 0.3, "checks": 2.0},
}
