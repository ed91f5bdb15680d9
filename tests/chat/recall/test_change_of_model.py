"""Messages get the vectors of another model while those of the present one serve."""

# ruff: noqa: RUF001 - letters of many scripts

from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import override_settings

from chat.conversations.conversations import start_conversation
from chat.models import Message, MessageVector, SearchWord, ServingModel
from chat.recall import embedding, indexing, message_search, vectors
from chat.tasks import embed_messages, embed_missing
from memoryloop import embeddings
from memoryloop.embeddings import remote
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.embeddings.minilm import MiniLM
from tests.base import TestCase
from tests.servers import EmbeddingServer


class ChangeTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.said = [
            start_conversation(self.alice, text)
            for text in (
                "The mitochondrion makes the energy of the cell.",
                "Lima is the capital of Peru.",
                "A sonnet has fourteen lines.",
            )
        ]
        embed_missing(0)
        self.server = self.enterContext(EmbeddingServer(width=1_030))

    def wanting_the_server(self) -> override_settings:
        return override_settings(EMBEDDING_MODEL="bge-m3", EMBEDDING_URL=self.server.url)

    def by_meaning(self, text: str) -> list[Message]:
        found = message_search.search(owner_id=self.alice.id, text=text)
        self.assertEqual(found.note, "")
        return [hit.message for hit in found.hits if hit.by == "meaning"]

    def models_of(self, message: Message) -> set[str]:
        return set(message.vectors.values_list("model", flat=True))


class ChangeTests(ChangeTestCase):
    def test_the_one_serves_until_the_other_has_all(self) -> None:
        question = "how living things get their power"
        self.assertEqual(self.by_meaning(question)[:1], [self.said[0]])
        with self.wanting_the_server(), mock.patch.object(embedding, "BATCH_SIZE", 2):
            self.assertEqual(embedding.change_next(), 2)
            self.assertEqual(vectors.serving().name, BuiltIn.name)
            self.assertEqual(self.by_meaning(question)[:1], [self.said[0]])
            # What is said and changed meanwhile has vectors of both.
            new = start_conversation(self.alice, "Volcanoes bring up lava.")
            Message.objects.filter(id=self.said[1].id).update(content="Quito lies in Ecuador.")
            embed_messages([str(new.id), str(self.said[1].id)])
            for message in (new, self.said[1]):
                self.assertEqual(self.models_of(message), {"bge-m3", BuiltIn.name})
            while embedding.change_next():
                self.assertEqual(vectors.serving().name, BuiltIn.name)

            self.assertEqual(vectors.serving().name, "bge-m3")
            self.assertEqual(vectors.width_of("bge-m3"), 1_030)
            near = vectors.ask("Volcanoes bring up lava.")
            (nearest,) = vectors.nearest(
                owner_id=self.alice.id, vector=near.vector, model=near.model, limit=1
            )
            self.assertEqual((nearest.id, round(nearest.distance, 3)), (new.id, 0))

    def test_the_old_vectors_go_once_nobody_searches_with_them(self) -> None:
        with self.wanting_the_server():
            embed_missing(0)
            self.assertTrue(MessageVector.objects.filter(model=BuiltIn.name).exists())
            ServingModel.objects.update(since=self.said[0].created_at - timedelta(hours=1))
            connection.check_constraints()
            embed_missing(0)

            self.assertEqual(set(MessageVector.objects.values_list("model", flat=True)), {"bge-m3"})
            self.assertTrue(ServingModel.objects.get().is_alone)

    def test_the_vectors_from_before_an_upgrade_serve_until_there_are_new_ones(self) -> None:
        earlier = embeddings.embedder_named(MiniLM.name)
        MessageVector.objects.all().delete()
        ServingModel.objects.update(name=MiniLM.name)
        embedding.embed_by(earlier, self.said)
        self.assertEqual(self.by_meaning("the power plant in living things")[:1], [self.said[0]])

        embed_missing(0)

        self.assertEqual(vectors.serving().name, BuiltIn.name)

    def test_what_changes_or_goes_is_not_found_any_more(self) -> None:
        counted = SearchWord.objects.filter(owner=self.alice, messages__gt=0)
        self.assertEqual(counted.get(word="lima").messages, 1)
        Message.objects.filter(id=self.said[1].id).update(content="Quito")
        self.assertEqual(self.models_of(self.said[1]), set())
        self.assertFalse(counted.filter(word="lima").exists())
        indexing.index_next()
        self.assertTrue(counted.filter(word="quito").exists())
        self.said[1].conversation.delete()
        self.assertFalse(counted.filter(word="quito").exists())
        self.assertEqual(counted.get(word="").messages, 2)

    def test_an_index_takes_what_it_can(self) -> None:
        for width, kind in ((896, "vector(896)"), (3_072, "halfvec(3072)"), (4_096, "")):
            self.assertEqual(vectors.index_type(width), kind)
        MessageVector.objects.update(model="wide", vector=[0.1] * 3_072)
        connection.check_constraints()
        with mock.patch.object(vectors, "INDEX_FROM", 1):
            vectors.make_index("wide")
            self.assertTrue(vectors.is_indexed("wide"))
        vectors.drop_index("wide")
        vectors._without_index.clear()
        self.assertFalse(vectors.is_indexed("wide"))
        vectors._without_index.clear()


class ServerTests(ChangeTestCase):
    def test_a_server_that_goes_in_the_middle_leaves_the_old_vectors_in_use(self) -> None:
        with self.wanting_the_server():
            with mock.patch.object(embedding, "BATCH_SIZE", 2):
                embedding.change_next()
            self.server.default(status=500, body={"error": "gone"})
            new = start_conversation(self.alice, "Volcanoes bring up lava.")
            with self.assertLogs("chat", "WARNING") as logs:
                embed_messages([str(new.id)])
                embed_missing(0)

            self.assertIn("had an error of its own", "".join(logs.output))
            self.assertEqual(self.models_of(new), {BuiltIn.name})
            self.assertEqual(
                self.by_meaning("how living things get their power")[:1], [self.said[0]]
            )
            self.server.default()
            embed_missing(0)
            self.assertEqual(vectors.serving().name, "bge-m3")

    def test_while_it_is_away_words_find_and_the_page_says_so(self) -> None:
        with self.wanting_the_server(), mock.patch.object(remote, "QUERY_SECONDS", 0.3):
            embed_missing(0)
            for how in ({"hang_after": 0}, {"status": 503}, {"body": {"embeddings": [[1.0, 2.0]]}}):
                with self.subTest(how), self.assertLogs("chat.recall.message_search", "WARNING"):
                    embeddings.configured()._embedder._away_until = 0.0  # type: ignore[attr-defined] # behind its protocol
                    self.server.default(**how)

                    page = self.client.get("/chat/search/", {"q": f"capital limma {how}"[:13]})

                    self.assertContains(page, "by words and spelling alone")
                    self.assertContains(page, "<mark>capital</mark>")

    def test_another_width_under_the_same_name_is_not_stored(self) -> None:
        with self.wanting_the_server():
            embed_missing(0)
            embeddings.configured()._embedder._width = 0  # type: ignore[attr-defined] # as in a new process
            self.server.width = 64
            new = start_conversation(self.alice, "Volcanoes bring up lava.")
            with self.assertLogs("chat", "WARNING") as logs:
                embed_missing(0)
            self.assertIn("another model under the same name", "".join(logs.output))
            self.assertEqual(self.models_of(new), set())
            self.assertEqual(vectors.width_of("bge-m3"), 1_030)
            # It is found by its words, and nothing fails where the widths differ.
            found = message_search.search(owner_id=self.alice.id, text="volcano").hits
            self.assertEqual(found[0].message, new)

    def test_a_model_that_the_settings_no_longer_name_is_replaced(self) -> None:
        with self.wanting_the_server():
            embed_missing(0)
        found = message_search.search(owner_id=self.alice.id, text="capital of Peru")
        self.assertEqual([hit.message for hit in found.with_words], [self.said[1]])
        self.assertTrue(found.note)

        embed_missing(0)

        self.assertEqual(vectors.serving().name, BuiltIn.name)


class BadInputTests(ChangeTestCase):
    def test_whatever_is_typed_is_answered(self) -> None:
        for text in (
            "", " ", "a", "é", "猫", "x" * 10_000, "cell " * 2_000, "the of and is", "what", "🙂",
            "🙂🙂 🎉", '"', '""', '" "', '"cell', "-", "--", "-cell", "- -", '-"', '-"cell"', "or",
            "OR or", "\0", "cell\0energy", "\ud83d", "cell \udc00", "& | ! <-> :* ( )", "\\", "'",
            "' OR 1=1", "%", "_", "{}", "%(owner)s", "cell細胞клетка", "שלום cell", "e\u0301" * 300,
            "\u202ecell", "ก" * 500, "𠮷", "1,000.5 km", "C++", "deck:a", "~cell", "\t\n",
        ):  # fmt: skip
            with self.subTest(ascii(text[:20])):
                page = self.client.get("/chat/search/", {"q": text.encode(errors="surrogatepass")})
                self.assertIn(page.status_code, {200, 400})
                if "\0" not in text:
                    message_search.search(owner_id=self.alice.id, text=text.replace("\ud83d", ""))
                self.client.get("/palette/", {"q": text.encode(errors="surrogatepass")})

    def test_a_question_mark_an_ending_or_a_stop_word_never_makes_it_empty(self) -> None:
        for text in (
            "What is the capital of Peru?", "capitals?", "the", "who is it", "limma",
            "captial peru", "mitochondria", "Wie viele Zeilen hat ein Sonett?", "sonnets",
            "power plants of cells",
        ):  # fmt: skip
            with self.subTest(ascii(text)):
                found = message_search.search(owner_id=self.alice.id, text=text)
                self.assertTrue(found.hits)

    def test_each_hit_says_by_what_it_was_found(self) -> None:
        page = self.client.get("/chat/search/", {"q": "captial"})
        self.assertContains(page, "similar spelling")
        self.assertContains(page, "<mark>capital</mark>")
        self.assertContains(page, "Messages with your words")
        page = self.client.get("/chat/search/", {"q": "how living things get their power"})
        self.assertContains(page, "Messages near in meaning")
        self.assertContains(page, "close in meaning")

    def test_rare_words_weigh_more_and_a_phrase_comes_first(self) -> None:
        for number in range(6):
            start_conversation(self.alice, f"The energy of number {number} is energy of a kind.")
        turned = start_conversation(self.alice, "Peru of capital, a, is Lima.")
        embed_missing(0)
        found = message_search.search(owner_id=self.alice.id, text="energy sonnet").hits
        self.assertEqual(found[0].message, self.said[2])
        found = message_search.search(owner_id=self.alice.id, text="capital of Peru").hits
        self.assertEqual([hit.message for hit in found[:2]], [self.said[1], turned])
