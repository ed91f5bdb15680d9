"""The layout: near cards lie near, new ones are placed, and a new layout is turned as the old."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flashcards.insight.mapping import layout, neighbours
from flashcards.insight.mapping.components import Floats, reduce
from flashcards.insight.mapping.repulsion import Repulsion


def topics(number: int, each: int, *, seed: int = 0, width: int = 64) -> Floats:
    """Return unit vectors around a few directions, topic after topic."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(number, width))
    made = np.repeat(centres, each, axis=0) + 0.5 * random.normal(size=(number * each, width))
    found: Floats = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return found


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what holds however far the points have moved."""
    monkeypatch.setattr(layout, "PHASES", ((5, 12.0, 0.5), (10, 1.5, 0.8)))
    monkeypatch.setattr(layout, "STEPS", 15)


def nearest_on_map(positions: Floats) -> np.ndarray:
    far = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    return np.asarray(far.argmin(axis=1))


class TestLayOut:
    def test_cards_of_one_topic_lie_together(self) -> None:
        found = layout.lay_out(topics(5, 20))
        topic = np.repeat(np.arange(5), 20)
        assert (topic[nearest_on_map(found)] == topic).mean() > 0.95

    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.integers(layout.CARDS_LEAST, 40), st.integers(1, 3), st.booleans())
    def test_any_vectors_lie_within_the_map(
        self, few_steps: None, count: int, width: int, same: bool
    ) -> None:
        vectors = np.random.default_rng(count).normal(size=(count, width)).astype(np.float32)
        if same:
            vectors[:] = vectors[0]
        found = layout.lay_out(vectors)
        assert found.shape == (count, 2)
        assert np.isfinite(found).all()
        assert np.abs(found).max() <= 1.0001

    def test_the_progress_grows_to_the_end_and_may_end_it(self, few_steps: None) -> None:
        told: list[float] = []
        layout.lay_out(topics(2, 10), progress=told.append)
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1)

        def stop(share: float) -> None:
            if share > 0.5:
                raise layout.Cancelled

        with pytest.raises(layout.Cancelled):
            layout.lay_out(topics(2, 10), progress=stop)


class TestTurned:
    @settings(max_examples=10, deadline=None)
    @given(st.floats(0, 6.28), st.booleans())
    def test_a_layout_that_was_turned_or_mirrored_comes_back(
        self, angle: float, is_mirrored: bool
    ) -> None:
        old = layout.within(np.random.default_rng(1).normal(size=(30, 2)).astype(np.float32))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if is_mirrored:
            turn = turn @ np.diag([1, -1])
        new = layout.within((old @ turn).astype(np.float32))
        found = layout.turned(new, old, np.ones(30, dtype=bool))
        np.testing.assert_allclose(found, old, atol=1e-3)


class TestPlaced:
    def test_a_new_card_lies_with_its_topic_and_nothing_else_moves(self) -> None:
        vectors = topics(4, 25)
        new = np.arange(100) % 25 == 0
        known = layout.lay_out(vectors[~new])
        spots = layout.placed(vectors[new].astype(np.float16), vectors[~new], known)
        topic = np.repeat(np.arange(4), 25)
        for spot, own in zip(spots, topic[new], strict=True):
            nearest = ((known - spot) ** 2).sum(axis=1).argmin()
            assert topic[~new][nearest] == own


class TestParts:
    def test_components_are_those_of_a_singular_value_decomposition(self) -> None:
        vectors = np.random.default_rng(2).normal(size=(200, 12)).astype(np.float32)
        centred = vectors - vectors.mean(axis=0)
        _, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        found = reduce(vectors, 4)
        np.testing.assert_allclose(np.linalg.norm(found, axis=0), sizes[:4], rtol=1e-3)

    def test_neighbours_within_groups_are_nearly_all_of_the_nearest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        points = reduce(topics(40, 50), 20)
        exact = {
            row: set(found)
            for rows, near, _ in neighbours.nearest(points, 10)
            for row, found in zip(rows.tolist(), near.tolist(), strict=True)
        }
        monkeypatch.setattr(neighbours, "_EXACT_MOST", 100)
        shared = [
            len(exact[row] & set(found))
            for rows, near, _ in neighbours.nearest(points, 10)
            for row, found in zip(rows.tolist(), near.tolist(), strict=True)
        ]
        assert len(shared) == len(points)
        assert sum(shared) > 0.9 * 10 * len(points)

    @pytest.mark.parametrize("size", [100, 300])
    def test_a_few_points_and_many_on_a_mesh_have_the_forces_of_all_pairs(self, size: int) -> None:
        points = (np.random.default_rng(3).normal(size=(size, 2)) * 4).astype(np.float32)
        apart = points[:, None] - points[None]
        near = 1 / (1 + (apart**2).sum(axis=2))
        exact = (apart * near[..., None] ** 2).sum(axis=1) / (near.sum() - len(points))
        found = Repulsion().forces(points)
        assert np.abs(found - exact).max() < 0.07 * np.abs(exact).max()
