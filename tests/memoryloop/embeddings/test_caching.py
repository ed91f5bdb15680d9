"""One text, asked for by many at once, is embedded once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import numpy as np
import pytest

from memoryloop.embeddings import EmbeddingError
from memoryloop.embeddings.caching import CACHED_TEXTS, LARGEST_REQUEST, CachingEmbedder
from memoryloop.embeddings.minilm import MiniLM


@pytest.fixture
def model() -> mock.Mock:
    model: mock.Mock = mock.create_autospec(MiniLM, instance=True)
    model.embed.side_effect = lambda texts: np.ones((len(texts), 896), dtype=np.float32)
    return model


def test_a_text_is_embedded_once_for_all_who_ask_at_once(model: mock.Mock) -> None:
    may_go_on = threading.Event()

    def slowly(texts: list[str]) -> np.ndarray:
        may_go_on.wait(10)
        return np.full((len(texts), 896), 0.5, dtype=np.float32)

    model.embed.side_effect = slowly
    embedder = CachingEmbedder(model)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(embedder.embed, ["What is a cell?"]) for _ in range(4)]
        may_go_on.set()
        vectors = [future.result(10) for future in asked]

    assert model.embed.call_count == 1
    assert all((vector == 0.5).all() for vector in vectors)


def test_what_one_does_to_a_vector_nobody_else_sees(model: mock.Mock) -> None:
    embedder = CachingEmbedder(model)
    embedder.embed(["A cell."])[:] = 7

    assert (embedder.embed(["A cell."]) == 1).all()


def test_a_failure_is_not_remembered(model: mock.Mock) -> None:
    working = model.embed.side_effect
    model.embed.side_effect = EmbeddingError("Not now.")
    embedder = CachingEmbedder(model)
    with pytest.raises(EmbeddingError):
        embedder.embed(["A cell."])
    model.embed.side_effect = working

    assert embedder.embed(["A cell."]).shape == (1, 896)


def test_it_forgets_what_was_asked_for_long_ago(model: mock.Mock) -> None:
    embedder = CachingEmbedder(model)
    for number in range(CACHED_TEXTS + 1):
        embedder.embed([f"Text {number}"])
    embedder.embed(["Text 0"])

    assert model.embed.call_count == CACHED_TEXTS + 2


def test_of_a_few_at_once_only_those_that_are_new_are_embedded(model: mock.Mock) -> None:
    model.embed.side_effect = lambda texts: np.stack([np.full(896, len(text)) for text in texts])
    embedder = CachingEmbedder(model)
    embedder.embed(["One.", "Three."])

    vectors = embedder.embed(["Twelve.", "One.", "Twelve.", "Three."])

    assert vectors[:, 0].tolist() == [7, 4, 7, 6]
    assert [call.args[0] for call in model.embed.call_args_list] == [
        ["One.", "Three."],
        ["Twelve."],
    ]


def test_many_texts_at_once_go_straight_to_the_model(model: mock.Mock) -> None:
    embedder = CachingEmbedder(model)
    texts = [f"Text {number}" for number in range(LARGEST_REQUEST + 1)]
    for _ in range(2):
        assert embedder.embed(texts).shape == (len(texts), 896)

    assert model.embed.call_count == 2
