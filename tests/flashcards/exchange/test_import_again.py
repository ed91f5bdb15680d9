"""A later package of the same collection: what changed there comes, what changed here stays."""

import dataclasses
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from flashcards.cards import decks
from flashcards.cards.cards import edit_card, set_suspended
from flashcards.cards.labels import set_labels
from flashcards.domain.records import Flashcard, LogKind, NewCard, Rating, State
from flashcards.exchange import export_job, import_known, import_labels
from flashcards.exchange.note_identity import OWN_GUID
from flashcards.models import CardImport, Deck, NoteOrigin
from flashcards.review.ratings import review_card
from flashcards.review.resetting import reset_schedule
from flashcards.store import cards
from tests.flashcards.exchange.anki_packages import CREATED, Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase
from tests.flashcards.given_cards import give_cards

DAY = timedelta(days=1)
FIRST = CREATED + 10 * DAY


class AgainTestCase(ImportTestCase):
    def package(self, *reviews: tuple[int, int, int], **values: Any) -> Package:
        """Return a package of one card: with (day, ease, interval) of each of its reviews."""
        package = Package()
        known: dict[str, Any] = {"deck": "A", "tags": "one two"}
        if reviews:
            day, _, interval = reviews[-1]
            due = (FIRST + (day + interval) * DAY - CREATED).days
            known |= {"type": 2, "queue": 2, "due": due, "ivl": interval, "factor": 2500}
        card = package.basic("q", "a", **{**known, **values})
        last = 0
        for day, ease, interval in reviews:
            kind = 1 if last else 0
            package.review(card, FIRST + day * DAY, ease, interval, last, kind=kind)
            last = interval
        return package

    def card(self) -> Flashcard:
        (card,) = cards.for_owner(self.alice)
        return card

    def times(self) -> list[float]:
        """Return the days of the card's reviews that count, from the first on."""
        logs = self.logs(self.card())
        undone = {log.undoes for log in logs}
        days = ((log.reviewed_at - FIRST) / DAY for log in logs
                if log.rating is not None and log.id not in undone)  # fmt: skip
        return sorted(days)

    def review_here(self, at: datetime, rating: Rating = Rating.GOOD) -> None:
        card = self.card()
        review_card(
            owner_id=self.alice.pk, card_id=card.id, review_id=uuid.uuid4(),
            sequence=card.sequence, rating=rating, now=at,
        )  # fmt: skip

    def deck_names(self) -> list[str]:
        found = self.card().deck_ids
        return [Deck.objects.get(id=deck_id).name for deck_id in found]

    def schedule(self) -> tuple[Any, ...]:
        card = self.card()
        stability = round(card.stability or 0, 9), round(card.difficulty or 0, 9)
        return card.state, card.due, card.last_review, card.reps, card.lapses, *stability


class ReviewsTests(AgainTestCase):
    def test_new_reviews_come_and_undo_takes_them_back(self) -> None:
        self.import_(self.package((0, 3, 3)))
        before = self.schedule()
        later = self.package((0, 3, 3), (3, 3, 8), (11, 1, 2), (13, 3, 5))
        for _ in range(2):
            row = self.upload(later)
            report = self.take(row)
            self.assertEqual((report["reviews"], report["updated"], report["same"]), (3, 1, 0))
            self.assertEqual(self.times(), [0, 3, 11, 13])
            card = self.card()
            self.assertEqual((card.reps, card.lapses, card.state), (4, 1, State.REVIEW))
            self.assertEqual((card.due - FIRST) // DAY, 18)
            self.assert_sound()
            again = self.import_(later)
            self.assertEqual((again["reviews"], again["updated"], again["same"]), (0, 0, 1))
            self.undo(row)
            self.assertEqual((self.schedule(), self.times()), (before, [0]))
            self.assert_sound()

    def test_it_is_the_schedule_that_the_later_package_alone_would_have_given(self) -> None:
        later = self.package((0, 3, 3), (3, 2, 8), (11, 1, 2), (13, 4, 5))
        self.import_(self.package((0, 3, 3), (3, 2, 8)))
        self.import_(later)
        self.take(self.upload(later, owner=self.bob))
        (theirs,) = cards.for_owner(self.bob)
        mine = self.card()
        for name in ("state", "due", "last_review", "reps", "lapses", "stability", "difficulty"):
            self.assertEqual(getattr(mine, name), getattr(theirs, name), name)

    def test_reviews_before_and_after_those_made_here(self) -> None:
        self.import_(self.package((0, 3, 3)))
        self.review_here(FIRST + 5 * DAY)
        before = self.schedule()
        row = self.upload(self.package((0, 3, 3), (3, 3, 8), (11, 3, 20)))
        self.take(row)
        self.assertEqual(self.times(), [0, 3, 5, 11])
        self.assertEqual(self.card().reps, 4)
        self.assertEqual((self.card().due - FIRST) // DAY, 31)
        self.assert_sound()
        self.undo(row)
        self.assertEqual((self.schedule(), self.times()), (before, [0, 5]))
        self.assert_sound()

    def test_where_the_newest_review_is_of_here_the_replay_says_when_it_is_due(self) -> None:
        self.import_(self.package((0, 3, 3)))
        self.review_here(FIRST + 20 * DAY)
        before = self.schedule()
        row = self.upload(self.package((0, 3, 3), (3, 3, 8), (11, 1, 2)))
        self.take(row)
        card = self.card()
        self.assertEqual((self.times(), card.reps, card.lapses), ([0, 3, 11, 20], 4, 1))
        self.assertEqual(card.last_review, FIRST + 20 * DAY)
        self.assertGreater(card.due, FIRST + 20 * DAY)
        self.assert_sound()
        self.undo(row)
        self.assertEqual((self.schedule(), self.times()), (before, [0, 20]))
        self.assert_sound()

    def test_a_review_here_after_the_second_import_survives_its_undo(self) -> None:
        self.import_(self.package((0, 3, 3)))
        row = self.upload(self.package((0, 3, 3), (3, 3, 8)))
        self.take(row)
        self.review_here(FIRST + 12 * DAY, Rating.EASY)
        due = self.card().due
        self.undo(row)
        self.assertEqual((self.times(), self.card().reps), ([0, 12], 2))
        self.assertEqual(self.card().due, due)
        self.assert_sound()

    def test_what_is_exported_and_reviewed_in_anki_comes_back_once(self) -> None:
        self.import_(self.package((0, 3, 3)))
        self.review_here(FIRST + 3 * DAY + timedelta(microseconds=123_456))
        # In Anki the review has the milliseconds alone, and another id.
        ours = self.package((0, 3, 3))
        card = ours.cards[0][0]
        ours.review(card, FIRST + 3 * DAY + timedelta(milliseconds=123), 3, 8, 3)
        ours.review(card, FIRST + 11 * DAY, 3, 20, 8)
        self.assertEqual(self.import_(ours)["reviews"], 1)
        self.assertEqual(len(self.times()), 3)
        self.assert_sound()

    def test_a_card_made_new_here_is_not_learnt_by_older_reviews(self) -> None:
        self.import_(self.package((0, 3, 3)))
        reset_schedule(owner_id=self.alice.pk, card_id=self.card().id, now=FIRST + 20 * DAY)
        self.import_(self.package((0, 3, 3), (3, 3, 8)))
        self.assertEqual((self.card().state, self.times()), (State.NEW, [0, 3]))
        self.assert_sound()

    def test_a_card_forgotten_or_begun_in_anki_is_so_here(self) -> None:
        self.import_(self.package((0, 3, 3)))
        forgotten = self.package((0, 3, 3), type=0, queue=0, due=0, ivl=0)
        forgotten.review(forgotten.cards[0][0], FIRST + 2 * DAY, 0, 0, 3, factor=0, kind=4)
        self.import_(forgotten)
        self.assertEqual(self.card().state, State.NEW)
        begun = self.package((0, 3, 3))
        begun.review(begun.cards[0][0], FIRST + 2 * DAY, 0, 0, 3, factor=0, kind=4)
        begun.review(begun.cards[0][0], FIRST + 4 * DAY, 3, 5, 0, kind=0)
        self.import_(begun)
        self.assertEqual((self.card().state, self.card().reps), (State.REVIEW, 1))
        self.assert_sound()

    def test_a_new_card_that_was_studied_since_and_one_without_a_log(self) -> None:
        self.import_(self.package())
        self.assertEqual(self.card().state, State.NEW)
        without_log = {"type": 2, "queue": 2, "due": 40, "ivl": 20, "factor": 2500}
        self.import_(self.package(**without_log, reps=5, lapses=1))
        self.assertEqual((self.card().reps, self.card().lapses), (5, 1))
        row = self.upload(self.package(**{**without_log, "due": 90, "ivl": 50}, reps=6, lapses=1))
        self.take(row)
        self.assertEqual((self.card().reps, self.card().stability), (6, 50))
        self.assert_sound()
        self.undo(row)
        self.assertEqual((self.card().reps, self.card().stability), (5, 20))
        # With its log at last, the log says it all.
        self.import_(self.package((0, 3, 3), (3, 3, 8), reps=2))
        self.assertEqual(self.times(), [0, 3])
        self.assert_sound()

    def test_what_is_rescheduled_without_a_row_of_the_log_is_so_here(self) -> None:
        memory = '{"s": 40.5, "d": 3.25}'
        first = {"type": 2, "queue": 2, "due": 40, "ivl": 20}
        for name, later, expected in (
            ("another day", {"due": 71}, {"due": 71}),
            ("another interval", {"due": 71, "ivl": 51}, {"due": 71}),
            ("another memory", {"data": memory}, {"due": 40, "stability": 40.5}),
            ("relearnt by an add-on", {"type": 3, "queue": 1, "due": 1_800_000_000}, {"type": 3}),
            ("new", {"type": 0, "queue": 0, "due": 7, "ivl": 0}, {"type": 0}),
        ):
            for reviews in ([(0, 3, 3), (3, 3, 8)], [])[: 1 if name == "new" else 2]:
                with self.subTest(name, reviews=len(reviews)):
                    self.alice = User.objects.create_user(f"{uuid.uuid4()}@example.org", "x")
                    self.import_(self.package(*reviews, **first))
                    before = self.schedule()
                    row = self.upload(self.package(*reviews, **first | later))
                    self.assertEqual(self.take(row)["updated"], 1)
                    card = self.card()
                    if "type" in expected:
                        state = State.NEW if name == "new" else State.RELEARNING
                        self.assertIs(card.state, state)
                    else:
                        self.assertEqual((card.due - CREATED).days, expected["due"])
                    if "stability" in expected:
                        self.assertEqual(card.stability, expected["stability"])
                    self.assert_sound()
                    again = self.import_(self.package(*reviews, **first | later))
                    self.assertEqual((again["same"], again["updated"]), (1, 0))
                    self.undo(row)
                    self.assertEqual(self.schedule(), before)

    def test_a_package_without_schedules_leaves_them_as_they_are(self) -> None:
        new = {"type": 0, "queue": 0, "due": 7, "ivl": 0}
        for reviews in ([(0, 3, 3), (3, 3, 8)], []):
            self.alice = User.objects.create_user(f"{uuid.uuid4()}@example.org", "x")
            self.import_(self.package(*reviews, type=2, queue=2, due=40, ivl=20))
            before = self.schedule()
            self.assertEqual(self.import_(self.package(**new))["same"], 1)
            self.assertEqual(self.schedule(), before)
            # And it is known afterwards what the last one with schedules said.
            self.import_(self.package(*reviews, type=2, queue=2, due=71, ivl=20))
            self.assertEqual((self.card().due - CREATED).days, 71)
            self.assert_sound()

    def test_what_is_rescheduled_and_was_reviewed_here_is_told(self) -> None:
        given = {"type": 2, "queue": 2, "due": 40, "ivl": 20}
        self.import_(self.package((0, 3, 20), **given))
        self.review_here(FIRST + 21 * DAY)
        before = self.schedule()
        self.assertEqual(self.import_(self.package((0, 3, 20), **given))["kept"], {})
        report = self.import_(self.package((0, 3, 20), **given | {"due": 71}))
        self.assertEqual(set(report["kept"]), {import_known.SCHEDULE_KEPT})
        self.assertEqual(self.schedule(), before)
        # Said once: the same package again changes nothing.
        self.assertEqual(self.import_(self.package((0, 3, 20), **given | {"due": 71}))["kept"], {})

    def test_of_an_import_of_an_earlier_version_no_schedule_is_known(self) -> None:
        self.import_(self.package((0, 3, 3)))
        for origin in NoteOrigin.objects.all():
            labels = origin.labels
            origin.labels = labels | {"cards": {n: row[:4] for n, row in labels["cards"].items()}}
            origin.save()
        before = self.schedule()
        self.import_(self.package((0, 3, 3), due=71))
        self.assertEqual(self.schedule(), before)
        self.import_(self.package((0, 3, 3), due=72))
        self.assertEqual((self.card().due - CREATED).days, 72)
        self.assert_sound()

    def test_without_schedules_no_review_comes(self) -> None:
        self.import_(self.package())
        report = self.import_(self.package((0, 3, 3)), keep_schedule=False)
        self.assertEqual((report["same"], self.card().state), (1, State.NEW))
        # And whoever wants them later gets them all.
        self.assertEqual(self.import_(self.package((0, 3, 3)))["reviews"], 1)
        self.assertEqual(self.card().state, State.REVIEW)
        self.assert_sound()

    def test_practice_here_holds_nothing_up(self) -> None:
        self.import_(self.package((0, 3, 3)))
        later = self.package((0, 3, 3), (3, 3, 8))
        later.review(later.cards[0][0], FIRST + 5 * DAY, 1, 8, 8, factor=0, kind=3)
        self.import_(later)
        kinds = [log.kind for log in self.logs(self.card())]
        self.assertEqual(kinds[-1], LogKind.CRAM)
        self.assertEqual((self.card().due - FIRST) // DAY, 11)
        self.assert_sound()


class LabelsTests(AgainTestCase):
    def test_labels_follow_the_file_and_undo_gives_back_what_was(self) -> None:
        self.import_(self.package())
        before = self.card()
        row = self.upload(self.package(tags="two three", deck="B", flags=4, queue=-1))
        for _ in range(2):
            report = self.take(row)
            self.assertEqual((report["updated"], report["kept"]), (1, {}))
            card = self.card()
            self.assertEqual((card.tags, self.deck_names()), (("two", "three"), ["B"]))
            self.assertEqual((card.flag, card.suspended), (4, True))
            self.undo(row)
            after = self.card()
            self.assertEqual((set(after.tags), self.deck_names()), ({"one", "two"}, ["A"]))
            self.assertEqual((after.flag, after.suspended), (before.flag, before.suspended))
            self.assertFalse(Deck.objects.filter(name="B").exists())
            row = self.upload(self.package(tags="two three", deck="B", flags=4, queue=-1))
        self.assert_sound()

    def test_what_was_changed_here_as_well_stays_and_is_told(self) -> None:
        self.import_(self.package())
        card = self.card()
        mine = decks.create_deck(owner_id=self.alice.pk, name="Mine", now=timezone.now())
        decks.set_decks(owner_id=self.alice.pk, card_id=card.id, deck_ids=[mine.id])
        set_labels(owner_id=self.alice.pk, card_id=card.id, tags=["one", "mine"], flag=2,
                   now=timezone.now())  # fmt: skip
        edit_card(owner_id=self.alice.pk, card_id=card.id, question="mine", answer="a",
                  now=timezone.now())  # fmt: skip
        later = self.package(tags="one two three", deck="B", flags=4)
        later.notes[0] = (*later.notes[0][:6], "theirs\x1fa", *later.notes[0][7:])
        report = self.import_(later)
        card = self.card()
        self.assertEqual((set(card.tags), card.flag), ({"one", "mine", "three"}, 2))
        self.assertEqual((self.deck_names(), card.question), (["Mine"], "theirs"))
        self.assertEqual(
            set(report["kept"]),
            {import_labels.DECK_KEPT, import_labels.TAGS_MERGED, import_labels.FLAG_KEPT,
             import_known.WORDS_TAKEN},
        )  # fmt: skip
        self.assertFalse(Deck.objects.filter(name="B").exists())
        # It was told once: the file says nothing new.
        self.assertEqual(self.import_(later)["kept"], {})

    def test_what_was_changed_here_alone_stays_and_nothing_is_told(self) -> None:
        self.import_(self.package())
        card = self.card()
        set_labels(owner_id=self.alice.pk, card_id=card.id, tags=["mine"], flag=2,
                   now=timezone.now())  # fmt: skip
        set_suspended(owner_id=self.alice.pk, card_id=card.id, suspended=True)
        report = self.import_(self.package())
        self.assertEqual((report["same"], report["kept"]), (1, {}))
        card = self.card()
        self.assertEqual((card.tags, card.flag, card.suspended), (("mine",), 2, True))

    def test_a_second_deck_here_stays_when_the_file_moves_the_card(self) -> None:
        self.import_(self.package())
        mine = decks.create_deck(owner_id=self.alice.pk, name="Mine", now=timezone.now())
        both = [*self.card().deck_ids, mine.id]
        decks.set_decks(owner_id=self.alice.pk, card_id=self.card().id, deck_ids=both)
        self.import_(self.package(deck="B"))
        self.assertEqual(set(self.deck_names()), {"B", "Mine"})

    def test_undone_and_imported_again_into_another_parent_or_from_a_later_package(self) -> None:
        row = self.upload(self.package())
        self.take(row)
        self.undo(row)
        row = self.upload(self.package())
        self.take(row, parent="From Anki")
        self.assertEqual(self.deck_names(), ["From Anki::A"])
        self.undo(row)
        self.assertEqual(Deck.objects.count(), 0)
        self.import_(self.package((0, 3, 3), deck="B", tags="new"))
        self.assertEqual((self.deck_names(), self.times()), (["B"], [0]))
        self.assertEqual(self.card().tags, ("new",))
        self.assertEqual([deck.name for deck in Deck.objects.all()], ["B"])
        self.assert_sound()

    def test_notes_of_an_earlier_version_follow_from_the_second_import_on(self) -> None:
        self.import_(self.package())
        NoteOrigin.objects.update(labels={})
        Deck.objects.all().delete()
        report = self.import_(self.package(tags="one two three"))
        # Its deck had gone with an undo of which nothing was kept.
        self.assertEqual((self.deck_names(), report["updated"]), (["A"], 1))
        self.assertEqual(set(self.card().tags), {"one", "two", "three"})
        self.import_(self.package(tags="one", deck="B", flags=1))
        self.assertEqual((self.deck_names(), self.card().tags), (["B"], ("one",)))

    def test_a_table_without_a_column_says_nothing_of_it(self) -> None:
        self.import_(self.package(guid="g", flags=2, queue=-1))
        table = b"#guid column:1\ng,q,other"
        report = self.take(self.receive("words.csv", table))
        card = self.card()
        self.assertEqual((report["updated"], card.answer), (1, "other"))
        self.assertEqual((card.tags, self.deck_names()), (("one", "two"), ["A"]))
        self.assertEqual((card.flag, card.suspended, report["kept"]), (2, True, {}))
        self.undo(CardImport.objects.earliest("-created_at"))
        self.undo(CardImport.objects.latest("-created_at"))
        self.take(self.receive("words.csv", table))
        self.assertEqual(self.deck_names(), ["A"])

    def test_what_was_exported_and_changed_in_anki_comes_back_changed(self) -> None:
        deck = decks.create_deck(owner_id=self.alice.pk, name="Mine", now=timezone.now())
        new = NewCard(question="q", answer="a", tags=("year one",), deck_ids=(deck.id,))
        (made,) = give_cards(self.alice, new)
        for form in ("csv", "apkg"):
            export_job.start(
                owner_id=self.alice.pk, format=form, search="", options={}, card_ids=[made.id],
                clock=timezone.now,
            )  # fmt: skip
        theirs = self.package(guid=f"{OWN_GUID}{made.note_id}", tags="year_one new", deck="Other")
        report = self.import_(theirs)
        self.assertEqual((report["updated"], report["kept"]), (1, {}))
        self.assertEqual((self.card().tags, self.deck_names()), (("year one", "new"), ["Other"]))

    def test_an_import_of_an_earlier_version_is_undone(self) -> None:
        """There a part had the words and tags alone, and no origins."""
        self.import_(self.package())
        later = self.package()
        later.notes[0] = (*later.notes[0][:6], "new\x1fa", *later.notes[0][7:])
        row = self.upload(later)
        self.take(row)
        (part,) = row.parts.all()
        ((card_id, before, after, _),) = part.changes
        rest = {"extra": "", "tags": ["one", "two"]}
        part.changes = [[card_id, {**before, **rest}, {**after, **rest}]]
        part.origins = []
        part.save()
        self.undo(row)
        self.assertEqual(self.card().question, "q")

    def test_the_first_undo_after_a_second_import(self) -> None:
        first = self.upload(self.package((0, 3, 3)))
        self.take(first)
        second = self.upload(self.package((0, 3, 3), (3, 3, 8), deck="B"))
        self.take(second)
        self.undo(first)
        self.assertEqual(self.cards(), {})
        self.undo(second)
        self.assertEqual(self.cards(), {})
        self.import_(self.package((0, 3, 3), (3, 3, 8), deck="B"))
        self.assertEqual((self.deck_names(), self.times()), (["B"], [0, 3]))
        self.assert_sound()

    def test_decks_of_two_imports_go_with_the_last_and_come_with_the_first(self) -> None:
        rows = []
        for word in ("q", "other"):
            package = Package()
            package.basic(word, "a", "A", guid=word)
            row = self.upload(package)
            self.take(row)
            rows.append(row)
        self.undo(rows[0])
        self.assertEqual([deck.name for deck in Deck.objects.all()], ["A"])
        self.undo(rows[1])
        self.assertEqual(Deck.objects.count(), 0)
        package = Package()
        package.basic("other", "a", "A", guid="other")
        self.import_(package)
        self.assertEqual(self.deck_names(), ["A"])

    def test_a_card_is_what_its_newest_image_says(self) -> None:
        """The rows of a log beyond the first come with the same image of the card."""
        self.import_(self.package((0, 3, 3)))
        self.import_(self.package((0, 3, 3), (3, 3, 8), (11, 3, 20), tags="new"))
        card = self.card()
        self.assertEqual((card.tags, card.sequence), (("new",), len(self.logs(card))))
        self.assertEqual(dataclasses.replace(card), card)
