"""Finding what was said, by its words and by its meaning."""

from unittest import mock

from django.db import connection
from django.urls import reverse

from accounts.models import User
from chat.conversations import pin_and_archive, versions
from chat.conversations.conversations import (
    append_message,
    ask,
    delete_conversation,
    rename_conversation,
    restore_conversation,
    start_conversation,
)
from chat.models import Message, MessageVector
from chat.recall import hits, message_search, vectors
from chat.tasks import embed_missing
from chat.templatetags.chat_text import marked
from chat.web import palette
from memoryloop import embeddings
from tests.base import TestCase
from tests.factories import NOW

HTMX = {"HX-Request": "true", "HX-Target": "found"}


class FindingTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.cell = self.said("The mitochondrion makes the energy of the cell.")
        self.lima = self.said("Lima is the capital of Peru.")
        self.bobs = self.said("Mitochondria make energy, says Bob of Peru.", self.bob)

    def said(self, content: str, owner: User | None = None) -> Message:
        return start_conversation(owner or self.alice, content)

    def found(self, text: str) -> list[Message]:
        return [
            hit.message for hit in message_search.search(owner_id=self.alice.id, text=text).hits
        ]


class WordsTests(FindingTestCase):
    def test_a_word_is_found_in_any_of_its_forms_and_while_it_is_typed(self) -> None:
        for text in ("mitochondrion", "MITOCHONDRI", "cells", "energies of a cell", "mitoch ener"):
            if text == "mitoch ener":  # only the last word may be unfinished
                text = "energy mitoch"
            self.assertEqual(self.found(text), [self.cell], text)

    def test_quotes_and_a_minus_mean_what_they_do_elsewhere(self) -> None:
        self.assertEqual(self.found('"capital of peru"'), [self.lima])
        self.assertEqual(self.found('"peru capital"'), [])
        self.said("Peru has llamas.")
        self.assertEqual(self.found("-llamas peru"), [self.lima])

    def test_where_no_message_has_all_words_those_with_some_are_found(self) -> None:
        self.assertEqual(self.found("lima weather in july"), [self.lima])

    def test_signs_and_nothing_find_nothing_and_break_nothing(self) -> None:
        for text in (
            "",
            "  ",
            "!!!",
            "& | ! <-> :*",
            "\\",
            "'",
            '"',
            "\0",
            "a:*",
            "x" * 999,
        ):
            self.assertEqual(self.found(text), [], text)

    def test_another_learners_words_are_never_found(self) -> None:
        self.assertNotIn(self.bobs, self.found("Mitochondria energy Bob Peru"))
        bob = message_search.search(owner_id=self.bob.id, text="mitochondria")
        self.assertEqual([hit.message for hit in bob.hits], [self.bobs])

    def test_deleted_ones_are_gone_and_archived_ones_are_found(self) -> None:
        delete_conversation(self.lima.conversation)
        self.assertEqual(self.found("Lima"), [])
        restore_conversation(self.lima.conversation)
        pin_and_archive.archive(self.lima.conversation, now=NOW)
        self.assertEqual(self.found("Lima"), [self.lima])

    def test_an_answer_is_found_once_it_is_written(self) -> None:
        answer = ask(self.alice, "And Ecuador?").answer
        Message.objects.filter(id=answer.id).update(content="Quito lies high up.")
        self.assertEqual(self.found("Quito"), [])

        Message.objects.filter(id=answer.id).update(status="complete")

        self.assertEqual(self.found("Quito"), [answer])

    def test_conversations_are_found_by_their_titles(self) -> None:
        rename_conversation(self.lima.conversation, "Geography of South America")

        found = message_search.search(owner_id=self.alice.id, text="south geo")

        self.assertEqual(found.conversations, [self.lima.conversation])

    def test_a_snippet_shows_where_the_words_stand(self) -> None:
        self.said(
            "filler words go here " * 60 + "then **glycolysis** splits sugar. " + "More. " * 60
        )

        (hit,) = message_search.search(owner_id=self.alice.id, text="glycolysis").hits

        self.assertIn(f"{hits.OPEN}glycolysis{hits.CLOSE}", hit.snippet)
        self.assertLess(len(hit.snippet), 400)
        self.assertNotIn("*", hit.snippet)

    def test_what_was_said_twice_is_shown_once_and_offline_answers_not_at_all(self) -> None:
        self.said(self.cell.content)
        answer = ask(self.alice, "And a mitochondrion?").answer
        Message.objects.filter(id=answer.id).update(
            content="Found: mitochondrion", status="complete", provider="Offline"
        )

        found = message_search.search(owner_id=self.alice.id, text="mitochondrion energy")

        self.assertEqual([hit.message.content for hit in found.with_words], [self.cell.content])
        self.assertNotIn(answer, [hit.message for hit in found.hits])

    def test_a_snippet_leaves_links_targets_out(self) -> None:
        self.said("See [the zebra](https://example.org/zebra) and ![one](/x.png)")

        (hit,) = message_search.search(owner_id=self.alice.id, text="zebra").hits

        self.assertEqual(hit.snippet, f"See the {hits.OPEN}zebra{hits.CLOSE} and one")

    def test_what_is_marked_is_escaped_first(self) -> None:
        html = marked(f"<b>{hits.OPEN}<i>x{hits.CLOSE} {hits.CLOSE}{hits.OPEN}")

        self.assertEqual(html, "&lt;b&gt;<mark>&lt;i&gt;x</mark> ")


class LanguageTests(FindingTestCase):
    def test_a_word_is_found_in_the_forms_of_the_language_it_was_written_in(self) -> None:
        german = self.said("Die Zellen atmen, und das Plasma ist nicht fest.")
        french = self.said("Les étudiantes apprennent que la cellule est une unité du vivant.")
        spanish = self.said("Los volcanes son montañas que expulsan lava por un cráter.")
        for text, message in (
            ("Zelle", german), ("Zellen", german), ("Zelle atmen", german),
            ("étudiant", french), ("apprendre cellules", french), ("volcán", spanish),
            ("montaña crateres", spanish),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(self.found(text)[:1], [message])

    def test_accents_may_be_left_out_or_put_in(self) -> None:
        teeth = self.said("Die Zähne sind härter als Knochen, und das ist gut.")
        father = self.said("Müller's theory of the élan")
        for text, message in (
            ("zahne", teeth), ("Zahn", teeth), ("HÄRTER", teeth), ("haerter", teeth),
            ("muller", father), ("elan", father), ("müller élan", father),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(self.found(text), [message])

    def test_what_is_not_wanted_is_left_out_in_every_language(self) -> None:
        plants = self.said("Die Zellen der Pflanzen und das Licht")
        self.said("Die Zellen der Tiere und das Licht")

        self.assertEqual(self.found("Licht -Tier"), [plants])

    def test_the_snippet_marks_the_form_that_stands_there(self) -> None:
        self.said("Die Zähne und die Zellen, das ist Biologie.")

        (hit,) = message_search.search(owner_id=self.alice.id, text="zahn").hits

        self.assertIn(f"{hits.OPEN}Zähne{hits.CLOSE}", hit.snippet)


class CopiesTests(FindingTestCase):
    def test_a_fork_is_one_hit_where_something_was_said_last(self) -> None:
        fork = versions.fork(self.cell, owner=self.alice)
        again = fork.messages.get()

        (hit,) = message_search.search(owner_id=self.alice.id, text="mitochondrion").hits

        self.assertEqual((hit.message, list(hit.also)), (again, [self.cell]))
        append_message(self.cell.conversation, "And what else?")
        (hit,) = message_search.search(owner_id=self.alice.id, text="mitochondrion").hits
        self.assertEqual((hit.message, list(hit.also)), (self.cell, [again]))

    def test_the_page_leads_to_the_others_too(self) -> None:
        copy = versions.fork(self.cell, owner=self.alice).messages.get()

        page = self.client.get("/chat/search/", {"q": "mitochondrion"})

        self.assertContains(page, "Also in")
        for message in (self.cell, copy):
            self.assertContains(page, reverse("chat:message", args=[message.id]), count=1)
        self.assertContains(page, "1 message found")


class MeaningTests(FindingTestCase):
    def setUp(self) -> None:
        super().setUp()
        embed_missing(0)

    def near(self, text: str, **more: object) -> list[vectors.Near]:
        embedder = embeddings.get_embedder()
        return vectors.nearest(
            owner_id=self.alice.id,
            vector=embedder.embed([text])[0],
            model=embedder.name,
            limit=5,
            **more,  # type: ignore[arg-type] # per test
        )

    def test_a_message_is_found_by_its_meaning(self) -> None:
        hits = message_search.search(
            owner_id=self.alice.id, text="how living things get their power"
        ).hits

        self.assertEqual([(hit.message, hit.by_words) for hit in hits][:1], [(self.cell, False)])

    def test_the_index_and_the_exact_way_find_the_same_of_one_owner(self) -> None:
        exact = self.near("energy in biology", exactly=True)

        self.assertEqual(exact, self.near("energy in biology", exactly=False))
        self.assertEqual({item.id for item in exact}, {self.cell.id, self.lima.id})
        self.assertLess(exact[0].distance, exact[1].distance)

    def test_both_ways_leave_out_what_is_deleted_and_what_is_not_wanted(self) -> None:
        delete_conversation(self.lima.conversation)
        for exactly in (True, False):
            with self.subTest(exactly=exactly):
                self.assertEqual(
                    [item.id for item in self.near("Peru", exactly=exactly)], [self.cell.id]
                )
                self.assertEqual(self.near("Peru", exactly=exactly, leave_out=[self.cell.id]), [])

    def test_vectors_of_another_model_are_not_compared(self) -> None:
        MessageVector.objects.update(model="another")

        self.assertEqual(self.near("Peru"), [])

    def test_words_still_find_when_nothing_can_be_embedded(self) -> None:
        broken = mock.Mock()
        broken.embed_query.side_effect = embeddings.EmbeddingError("broken")
        with (
            mock.patch.object(vectors, "serving", return_value=broken),
            self.assertLogs("chat.recall.message_search", "WARNING"),
        ):
            self.assertEqual(self.found("Lima"), [self.lima])

    def test_few_messages_or_a_small_part_of_all_are_compared_each(self) -> None:
        for count, of_all, many in (
            (3_000, 3_000, False), (9_000, 90_000, False), (9_000, 10_000, True),
            (20_001, 9_000_000, True),
        ):  # fmt: skip
            with (
                self.subTest(count),
                mock.patch.object(vectors, "_with_many", set()),
                mock.patch.object(vectors, "_with_few", {}),
                mock.patch.object(vectors, "_rows", return_value=[(count, of_all)]),
            ):
                self.assertIs(vectors._has_many(self.alice.id), many)

    def test_many_messages_go_by_the_index(self) -> None:
        with (
            mock.patch.object(vectors, "EXACT_MOST", 1),
            mock.patch.object(vectors, "INDEX_FROM", 1),
            mock.patch.object(vectors, "_with_many", set()),
            mock.patch.object(vectors, "_with_few", {}),
            mock.patch.object(vectors, "_rows", side_effect=vectors._rows) as rows,
        ):
            # What a commit does.
            connection.check_constraints()
            vectors.make_index(embeddings.configured().name)
            found = self.near("energy in biology")

        self.assertIn("hnsw.iterative_scan", "".join(call.args[0] for call in rows.mock_calls))
        self.assertEqual(found, self.near("energy in biology", exactly=True))


class PageTests(FindingTestCase):
    url = "/chat/search/"

    def test_a_result_lands_on_the_very_message(self) -> None:
        page = self.client.get(self.url, {"q": "capital"})

        self.assertContains(page, reverse("chat:message", args=[self.lima.id]))
        self.assertContains(page, "<mark>capital</mark>")
        self.assertNotContains(page, reverse("chat:message", args=[self.bobs.id]))

    def test_htmx_gets_the_results_alone(self) -> None:
        page = self.client.get(self.url, {"q": "capital"}, headers=HTMX)

        self.assertContains(page, "<mark>capital</mark>")
        self.assertNotContains(page, "<html")

    def test_without_words_the_conversations_are_listed(self) -> None:
        self.assertContains(self.client.get(self.url), self.cell.conversation.title)
        self.assertContains(
            self.client.get(self.url, {"q": " "}, headers=HTMX), self.lima.conversation.title
        )

    def test_nothing_found_says_what_to_try(self) -> None:
        self.assertContains(self.client.get(self.url, {"q": "zygote"}), "Nothing found")

    def test_what_was_typed_and_said_is_shown_escaped(self) -> None:
        self.said("<script>alert('capital')</script>")
        page = self.client.get(self.url, {"q": "<script>alert capital"})

        self.assertNotContains(page, "<script>alert")
        self.assertContains(page, 'value="&lt;script&gt;alert capital"')

    def test_only_reading_and_only_for_a_learner(self) -> None:
        self.assertEqual(self.client.post(self.url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.get(self.url).status_code, 302)

    def test_its_queries_do_not_grow_with_what_is_found(self) -> None:
        # Counts the learner's messages, which is good for a minute.
        self.client.get(self.url, {"q": "quokka"}, headers=HTMX)
        for count in (3, 15):
            for number in range(count):
                self.said(f"A quokka, number {count} {number}")
            # Session, learner, how often the word is there, words that begin so, words that are
            # spelled like it, messages that are not indexed, serving model, vectors, snippets,
            # messages, titles.
            with self.assertNumQueries(12):
                self.client.get(self.url, {"q": "quokka"}, headers=HTMX)


class PaletteTests(FindingTestCase):
    def test_a_message_is_one_line_with_its_conversation(self) -> None:
        message = self.said("A title\n" + "word " * 100 + "about\nglycolysis " + "and more " * 40)

        (item,) = palette.find_messages(owner_id=self.alice.id, text="glycolysis", limit=6)

        self.assertEqual(item.url, reverse("chat:message", args=[message.id]))
        self.assertEqual(item.meta, message.conversation.title)
        self.assertIn("glycolysis", item.title)
        self.assertLess(len(item.title), 100)

    def test_a_conversation_there_by_its_title_is_not_there_twice(self) -> None:
        again = append_message(self.lima.conversation, "And what is Lima like?")

        items = palette.find_messages(owner_id=self.alice.id, text="lima", limit=6)

        self.assertEqual([item.url for item in items], [reverse("chat:message", args=[again.id])])

    def test_a_letter_or_two_search_no_messages(self) -> None:
        self.assertEqual(palette.find_messages(owner_id=self.alice.id, text="ca", limit=6), [])

    def test_another_learners_message_is_no_item(self) -> None:
        items = palette.find_messages(owner_id=self.alice.id, text="says Bob", limit=6)

        self.assertNotIn(self.bobs.id, {item.url for item in items})
        self.assertFalse(any("Bob" in item.title for item in items))
