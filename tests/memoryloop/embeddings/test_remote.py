"""A model on another server, over both protocols, answering well and badly."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from memoryloop.embeddings import EmbeddingError, remote
from memoryloop.embeddings.remote import RemoteEmbedder
from tests.servers import EmbeddingServer


@pytest.fixture(params=[True, False], ids=["ollama", "openai"])
def server(request: pytest.FixtureRequest) -> Iterator[EmbeddingServer]:
    with EmbeddingServer(ollama=request.param) as server:
        yield server


def made(server: EmbeddingServer, key: str = "", model: str = "bge-m3") -> RemoteEmbedder:
    return RemoteEmbedder(server.url, key, model)


def refusal(embedder: RemoteEmbedder, text: str = "A cell.") -> str:
    with pytest.raises(EmbeddingError) as raised:
        embedder.embed([text])
    return raised.value.sentence


def test_vectors_of_any_width_come_normalised_and_in_order(server: EmbeddingServer) -> None:
    server.width = 1536
    vectors = made(server).embed(["the cell", "a stone", "the cell"])

    assert vectors.shape == (3, 1536)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[2] > 0.999 > vectors[0] @ vectors[1]


def test_the_width_is_found_by_asking(server: EmbeddingServer) -> None:
    embedder = made(server)

    assert embedder.dimensions == 1024
    assert embedder.embed([]).shape == (0, 1024)
    assert len(server.questions()) == 1


def test_the_address_may_lack_the_path_of_openais_protocol() -> None:
    with EmbeddingServer(ollama=False) as server:
        embedder = RemoteEmbedder(server.root, "", "bge-m3")
        embedder.embed(["a"])
        embedder.embed(["b"])

    # Asked as Ollama once, and never again.
    assert [each.path for each in server.requests] == [
        "/api/embed", "/v1/embeddings", "/v1/embeddings",
    ]  # fmt: skip


def test_many_texts_go_in_batches_of_bounded_size(server: EmbeddingServer) -> None:
    texts = [f"{number} " + "x" * 3_000 for number in range(30)]
    texts += [f"short {number}" for number in range(100)]
    made(server).embed(texts)

    sizes = [request.json["input"] for request in server.questions()]
    assert server.texts() == [text.strip() for text in texts]
    assert max(map(len, sizes)) <= remote.BATCH_TEXTS
    assert max(sum(map(len, each)) for each in sizes) <= remote.BATCH_CHARACTERS


def test_texts_that_are_too_long_or_too_many_are_cut(server: EmbeddingServer) -> None:
    server.most_characters, server.most_texts = 900, 3
    vectors = made(server).embed(["cell " * 1_000, "stone", "", "\0", "\ud83d", "🙂", "x"])

    assert vectors.shape == (7, 1024)
    assert all(request.json["input"] for request in server.questions())


def test_prefixes_are_put_before_what_is_looked_for_and_what_is_stored(
    server: EmbeddingServer,
) -> None:
    embedder = RemoteEmbedder(
        server.url, "", "bge-m3", query_prefix="query:", text_prefix="passage:"
    )
    embedder.embed(["A cell."])
    embedder.embed_query("What is it?")

    assert server.texts() == ["passage: A cell.", "query: What is it?"]
    assert embedder.name.startswith("bge-m3#")
    assert embedder.name != RemoteEmbedder(server.url, "", "bge-m3").name


def test_the_key_goes_with_each_request_and_into_no_error(server: EmbeddingServer) -> None:
    made(server, "sk-right").embed(["a"])
    assert server.requests[-1].key == "sk-right"

    said = refusal(made(server, "sk-is-refused"))
    assert "refused the key in EMBEDDING_API_KEY" in said
    assert "sk-is" not in said
    server.needs_key = True
    assert "set EMBEDDING_API_KEY" in refusal(made(server))


def test_a_model_that_is_not_there_is_named(server: EmbeddingServer) -> None:
    assert "no model named “nomic”" in refusal(made(server, model="nomic"))


def test_a_change_of_width_is_refused(server: EmbeddingServer) -> None:
    embedder = made(server)
    embedder.embed(["a"])
    server.width = 768

    assert "768 numbers, where there were 1,024" in refusal(embedder)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"embeddings": [[1.0, 2.0], [3.0, 4.0]]}, "2 vectors for 1"),
        ({"embeddings": [["a", "b"]]}, "none of numbers"),
        ({"embeddings": [None]}, "cannot be stored"),
        ({"embeddings": [[]]}, "cannot be stored"),
        ({"embeddings": [[0.0, 0.0]]}, "no direction"),
        ({"embeddings": [[1e308, 1e308]]}, "no direction"),
        ({"embeddings": [[0.5] * 16_001]}, "cannot be stored"),
        ({"data": [{"embedding": {"a": 1}, "index": 0}]}, "vectors"),
        ({"data": ["x"]}, "without vectors"),
        ({"message": "hello"}, "without vectors"),
        ("<html>hello</html>", "could not be read"),
        ("", "could not be read"),
        ("null", "without vectors"),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(
    body: object, said: str, server: EmbeddingServer
) -> None:
    server.default(body=body if isinstance(body, str) else json.dumps(body))

    assert said in refusal(made(server))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, {"error": "no luck"}, "had an error of its own"),
        (503, {"error": "the model is loading"}, "not ready yet"),
        (404, "<html>nothing here</html>", "nothing at this address"),
        (302, "", "redirect"),
        (429, {"error": "slow down"}, "too often"),
        (501, {"error": "this model does not support embeddings"}, "does not support embeddings"),
    ],
)
def test_a_refusal_is_told_in_plain_words(
    status: int, body: object, said: str, server: EmbeddingServer
) -> None:
    server.default(status=status, body=body)

    assert said in refusal(made(server))


def test_a_busy_server_is_waited_for(server: EmbeddingServer) -> None:
    server.script(status=429, headers={"Retry-After": "0.01"}, body={"error": "slow down"}, times=2)

    assert made(server).embed(["a"]).shape == (1, 1024)


def test_a_server_that_is_gone_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://name:secret@127.0.0.1:{taken.getsockname()[1]}"
        said = refusal(RemoteEmbedder(url, "", "bge-m3"))

    assert "cannot be reached" in said
    assert "secret" not in said


@pytest.mark.parametrize("how", [{"hang_after": 0}, {"hang_after": 30}])
def test_a_query_does_not_wait_for_a_server_that_is_slow(
    how: dict[str, int], server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "QUERY_SECONDS", 0.2)
    server.default(**how)
    embedder = made(server)

    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(EmbeddingError, match="in time"):
            embedder.embed_query("cell")
    # One wait for all of them.
    assert time.monotonic() - began < 5
    assert len(server.questions()) == 1
    assert "in time" in embedder.why_away


def test_queries_go_on_once_the_server_is_back(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = made(server)
    server.script(status=500, body={"error": "no luck"})
    with pytest.raises(EmbeddingError):
        embedder.embed_query("cell")
    assert embedder.embed(["cell"]).shape == (1, 1024)
    assert not embedder.why_away

    np.testing.assert_allclose(embedder.embed_query("cell"), embedder.embed(["cell"])[0])


def test_threads_share_it(server: EmbeddingServer) -> None:
    embedder = made(server)
    found: list[np.ndarray] = []

    def ask(number: int) -> None:
        found.append(embedder.embed_query(f"cell {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://ollama.example:11434"),
        ({"EMBEDDING_API_KEY": "sk-1"}, "https://api.openai.com/v1"),
        ({"EMBEDDING_URL": "http://10.0.0.5:8080/v1"}, "http://10.0.0.5:8080/v1"),
    ],
)
def test_the_settings_name_the_server(
    given: dict[str, str], address: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remote.from_settings() is None
    named = {"EMBEDDING_MODEL": "bge-m3", "OLLAMA_URL": "http://ollama.example:11434"} | given
    for name, value in named.items():
        monkeypatch.setattr(settings, name, value)

    embedder = remote.from_settings()

    assert embedder is not None
    assert (embedder.name, embedder.address) == ("bge-m3", address)
