"""The fit of what grows, to figures whose law is known."""

from typing import Any

import pytest

from tests.benchmarks import scaling_model
from tests.benchmarks.scaling_fill import CARDS_EACH


def line(learners: int, entries: list[int]) -> dict[str, Any]:
    """Return a result as `scaling` prints it, of a store that keeps to laws."""
    cards = learners * CARDS_EACH
    checkpoints = {
        str(each): {"seconds": 0.5 + 0.002 * each, "peak_mb": 100 + 0.01 * each} for each in entries
    }
    return {
        "store": "folder",
        "learners": learners,
        "care": {"checkpoints": checkpoints, "sweep": {"seconds": 3 + cards / 1e6}},
    }


def test_checkpoints_are_fitted_where_their_entries_differ_with_the_size() -> None:
    lines = [line(100, [100, 1_000, 5_000]), line(30, [120, 1_020, 1_800])]
    found = {fit.name: fit for fit in scaling_model.by_entries(lines)}
    assert set(found) == {
        f"{name} with {cards:,} cards"
        for name in ("seconds", "peak_mb")
        for cards in (30 * CARDS_EACH, 100 * CARDS_EACH)
    }
    for fit in found.values():
        law = (0.5, 0.002) if fit.name.startswith("seconds") else (100, 0.01)
        assert (fit.a, fit.b) == pytest.approx(law)
        assert fit.at(840) == pytest.approx(law[0] + 840 * law[1])


def test_what_grows_with_the_cards_is_fitted_over_them_and_checkpoints_are_not() -> None:
    (fit,) = (
        each
        for each in scaling_model.by_cards([line(100, [100]), line(30, [120])])
        if each.name != "learners"
    )
    assert fit.name == "care.sweep.seconds"
    assert (fit.a, fit.b) == pytest.approx((3, 1e-6))


def test_one_size_is_fitted_by_nothing() -> None:
    assert list(scaling_model.by_cards([line(30, [100])])) == []
    assert list(scaling_model.by_entries([line(30, [100])])) == []
