"""Cards become a package that Anki opens, or a table, and come back as they were."""

import csv
import io
import json
import sqlite3
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import User
from flashcards import scheduling, study_settings
from flashcards.cards import decks, folding, media
from flashcards.cards.cards import set_suspended
from flashcards.domain.records import Flashcard, Kind, NewCard, Rating
from flashcards.exchange import export_job
from flashcards.exchange.html.to_markdown import convert
from flashcards.models import CardExport, Deck
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import cards, review_logs
from memoryloop.markdown import portable
from tests.factories import NOW
from tests.flashcards.exchange.anki_packages import CREATED, Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase, png
from tests.flashcards.given_cards import answer, give_cards

CODE = "Look:\n\n```\na < b  # c\n```\n\n- one\n- two"
CLOZE = "The {{c1::**cell**::smallest}} has a {{c2::\\(x_1 < 2\\)}}"


class ExportTestCase(ImportTestCase):
    def setUp(self) -> None:
        super().setUp()
        image = media.store(owner_id=self.alice.pk, content=png(), now=NOW)
        self.image = f"![red](/media/{image.name})"
        deck = decks.create_deck(owner_id=self.alice.pk, name="Biology::Cells", now=NOW)
        made = timezone.now().replace(microsecond=0) - timedelta(days=40)
        self.made = give_cards(
            self.alice,
            NewCard(question=f"What is *this*? {self.image}", answer=CODE, extra="From a book",
                    tags=("school::year one", "leech"), deck_ids=(deck.id,)),
            NewCard(question="uno", answer="one", kind=Kind.REVERSED, deck_ids=(deck.id,)),
            NewCard(question=CLOZE, answer="See p. 5", kind=Kind.CLOZE),
            NewCard(question="Costs $5 & <b>", answer="5 \\* 3"),
            now=made,
        )  # fmt: skip
        self.review(self.made[0], made, 0, 1, 4, 12)
        self.review(self.made[1], made + timedelta(seconds=1), 0)
        set_suspended(owner_id=self.alice.pk, card_id=self.made[2].id, suspended=True)

    def review(self, card: Flashcard, made: Any, *days: int) -> None:
        for number, day in enumerate(days):
            rating = Rating.AGAIN if number == 3 else Rating.GOOD
            card = answer(card, rating, now=made + timedelta(days=day, minutes=12 + number))

    def export(self, form: str = "apkg", owner: User | None = None, **options: Any) -> bytes:
        mine = owner or self.alice
        row = export_job.start(
            owner_id=mine.pk,
            format=form,
            search="",
            options=options,
            card_ids=[card.id for card in cards.for_owner(mine)],
            clock=timezone.now,
        )
        self.assertEqual((row.status, row.done), ("done", row.total))
        return export_job.file_of(row).read_bytes()

    def said(self, owner: User) -> list[tuple[Any, ...]]:
        """Return all of an owner's cards, without what is theirs alone."""
        names = {deck.id: deck.name for deck in owner.decks.all()}
        found = []
        for card in cards.for_owner(owner):
            mine = review_logs.for_owner(owner).filter(flashcard_id=card.id)
            logs = sorted(mine, key=lambda log: log.sequence)
            found.append(
                (
                    (card.question, card.ordinal, card.answer, card.extra, card.kind),
                    [tag.replace(" ", "_") for tag in card.tags],
                    [names[each] for each in card.deck_ids],
                    (card.flag, card.suspended, card.state, card.step, card.stability),
                    (card.difficulty, card.last_review, card.reps, card.lapses),
                    # A new card is due when it was made; Anki keeps the thousandths of a second.
                    card.due if card.reps else None,
                    [
                        (log.kind, log.rating, log.reviewed_at, log.duration_ms, log.elapsed_days,
                         round(log.scheduled_days, 6), log.state_before, log.state_after,
                         log.stability_after, log.difficulty_after)
                        for log in logs
                    ],
                )
            )  # fmt: skip
        return sorted(found)


class PackageTests(ExportTestCase):
    def test_it_comes_back_with_the_same_words_schedules_and_reviews(self) -> None:
        package = self.export()
        report = self.take(self.receive("mine.apkg", package, self.bob))
        self.assertEqual((report["imported"], report["reviews"]), (6, 5))
        self.assertEqual(self.said(self.bob), self.said(self.alice))
        self.assert_sound()
        again = self.take(self.receive("mine.apkg", package, self.alice))
        self.assertEqual((again["imported"], again["same"], again["updated"]), (0, 6, 0))

    def test_it_is_a_collection_as_anki_has_them(self) -> None:
        with zipfile.ZipFile(io.BytesIO(self.export())) as bundle:
            self.assertEqual(sorted(bundle.namelist()), ["0", "collection.anki2", "media"])
            (name,) = json.loads(bundle.read("media")).values()
            self.assertEqual(bundle.read("0"), png())
            path = Path(bundle.extract("collection.anki2", self.folder))
        db = sqlite3.connect(path)
        self.addCleanup(db.close)
        fields = [row[0].split("\x1f") for row in db.execute("SELECT flds FROM notes ORDER BY id")]
        self.assertEqual(fields[0][0], f'What is <em>this</em>? <img src="{name}" alt="red">')
        self.assertIn("<pre><code>a &lt; b  # c\n</code></pre>", fields[0][1])
        gaps = "The {{c1::<strong>cell</strong>::smallest}} has a {{c2::\\(x_1 &lt; 2\\)}}"
        self.assertEqual(fields[2][0], gaps)
        ver, models, names, conf = db.execute("SELECT ver, models, decks, conf FROM col").fetchone()
        self.assertEqual((ver, len(json.loads(models)), len(json.loads(names))), (11, 3, 2))
        self.assertEqual(json.loads(conf)["schedVer"], 2)
        types = db.execute("SELECT type, queue, count(*) FROM cards GROUP BY 1, 2 ORDER BY 1, 2")
        self.assertEqual(types.fetchall(), [(0, -1, 1), (0, 0, 3), (1, 1, 1), (3, 1, 1)])
        self.assertEqual(db.execute("SELECT count(*) FROM revlog").fetchone(), (5,))
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))

    def test_without_schedule_and_media_it_is_words_alone(self) -> None:
        package = self.export(schedule=False, media=False)
        row = self.receive("mine.apkg", package, self.bob)
        self.assertEqual((row.contents["scheduled"], row.contents["images"]), (0, 0))

    def test_a_note_that_was_not_changed_in_anki_is_left_as_it_is_here(self) -> None:
        package = self.export()
        with zipfile.ZipFile(io.BytesIO(package)) as bundle:
            path = Path(bundle.extract("collection.anki2", self.folder))
        db = sqlite3.connect(path)
        # Anki keeps the fields and forgets the rest.
        db.execute("UPDATE notes SET data = ''")
        db.execute("UPDATE notes SET flds = replace(flds, 'uno', 'dos') WHERE flds LIKE 'uno%'")
        db.commit()
        db.close()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as bundle:
            bundle.write(path, "collection.anki2")
        report = self.take(self.receive("back.apkg", stream.getvalue(), self.alice))
        self.assertEqual((report["same"], report["updated"], report["imported"]), (4, 2, 0))
        self.assertEqual(self.cards()["dos#1"].answer, "one")

    def test_markdown_comes_back_from_html_as_it_was(self) -> None:
        for text in (
            "**bold**, *it* and `code_x*`", "one  \ntwo\n\nthree", "- a\n- b\n  - c", "1. a\n2. b",
            "| a | b |\n| --- | --- |\n| 1 | 2 |", "> said  \n> twice", "## Title\n\ntext",
            "```\nx = 1\n```", "\\(x_1 < 2\\) and\n\n\\[a^2\\]", "[here](https://example.org/a_b)",
            "5 \\* 3 and a_b_c # 1. x", "~~gone~~", "a & b < c > d", self.image,
        ):  # fmt: skip
            with self.subTest(text=text):
                found = convert(portable(text), lambda source, alt: f"![{alt}](/media/{source})")
                self.assertEqual(found, text)


class GivenTests(ExportTestCase):
    def test_counts_without_a_log_survive_export_and_import(self) -> None:
        package = Package()
        memory: dict[str, Any] = {"type": 2, "queue": 2, "due": 40, "ivl": 20, "factor": 2300}
        package.basic("no log", "1", reps=9, lapses=4, **memory)
        half = package.basic("half a log", "2", reps=9, lapses=4, **memory)
        package.review(half, CREATED + timedelta(days=20), 3, 20, 8)
        package.basic("with FSRS", "3", reps=7, lapses=2, **memory,
                      data='{"s": 31.5, "d": 6.25, "dr": 0.9}')  # fmt: skip
        package.basic("reviewed here", "4", reps=9, lapses=4, **memory)
        self.take(self.upload(package))
        reviewed = self.cards()["reviewed here#1"]
        answer(reviewed, Rating.AGAIN, now=reviewed.due)
        names = [f"{name}#1" for name in ("no log", "half a log", "with FSRS", "reviewed here")]
        counts = [(self.cards()[name].reps, self.cards()[name].lapses) for name in names]
        self.assertEqual(counts, [(9, 4), (9, 4), (7, 2), (10, 5)])
        owner = self.alice
        for other in (self.bob, self.charlie):
            self.take(self.receive("mine.apkg", self.export(owner=owner), other))
            mine, theirs = self.cards(owner), self.cards(other)
            for name in names:
                for field in ("reps", "lapses", "state", "due", "last_review"):
                    self.assertEqual(
                        getattr(theirs[name], field), getattr(mine[name], field), (name, field)
                    )
                for field in ("stability", "difficulty"):
                    self.assertAlmostEqual(
                        getattr(theirs[name], field), getattr(mine[name], field), 2, (name, field)
                    )
            owner = other
        self.assert_sound()


class FsrsTests(ExportTestCase):
    def database(self) -> sqlite3.Connection:
        with zipfile.ZipFile(io.BytesIO(self.export())) as bundle:
            path = Path(bundle.extract("collection.anki2", self.folder))
        db = sqlite3.connect(path)
        self.addCleanup(db.close)
        return db

    def test_anki_computes_the_same_chance_of_recall(self) -> None:
        fitted = (*(w * 1.1 for w in DEFAULT_PARAMETERS[:4]), *DEFAULT_PARAMETERS[4:20], 0.31)
        (deck,) = Deck.objects.all()
        study_settings.save(owner_id=self.alice.pk, deck=deck, now=NOW,
                            values={"desired_retention": 0.82})  # fmt: skip
        package = Package()
        package.basic("from SM-2", "x", type=2, queue=2, due=300, ivl=40, factor=2800)
        self.take(self.upload(package))
        for parameters in ((), fitted):
            folding.set_memory_model(
                owner_id=self.alice.pk, model="fsrs-6", parameters=parameters, now=timezone.now()
            )
            settings = study_settings.settings_for(owner_id=self.alice.pk)
            studied = {card.stability: card for card in cards.for_owner(self.alice) if card.reps}
            db = self.database()
            rows = db.execute("SELECT data, factor FROM cards WHERE type > 0").fetchall()
            self.assertEqual(len(rows), len(studied))
            for text, factor in rows:
                data = json.loads(text)
                card = studied[data["s"]]
                own = study_settings.for_card(settings, card).schedule
                for days in (0.5, 3, 50, 700):
                    assert card.last_review is not None
                    at = card.last_review + timedelta(days=days)
                    # Anki's formula; without `decay` it takes 0.5.
                    falls = 0.9 ** (-1 / data["decay"]) - 1
                    elapsed = at.timestamp() - data["lrt"]
                    chance = (1 + falls * elapsed / 86_400 / data["s"]) ** -data["decay"]
                    ours = scheduling.retrievability(card, at, settings=own)
                    self.assertAlmostEqual(chance, ours or 0, 4)
                self.assertEqual(data["dr"], own.desired_retention)
                self.assertTrue(1_300 <= factor <= 9_900)
                if card.question == "from SM-2" and not parameters:
                    self.assertAlmostEqual(factor, 2_800, delta=30)
            decks, presets = map(json.loads, db.execute("SELECT decks, dconf FROM col").fetchone())
            by_deck = {each["name"]: presets[str(each["conf"])] for each in decks.values()}
            said = {name: preset["desiredRetention"] for name, preset in by_deck.items()}
            self.assertEqual(said, {"Default": 0.9, "Biology::Cells": 0.82})
            for preset in by_deck.values():
                self.assertEqual(tuple(preset["fsrsParams6"]), parameters)


class TableTests(ExportTestCase):
    def test_a_table_opens_as_text_and_comes_back(self) -> None:
        table = self.export("csv")
        lines = table.decode().split("\n")
        self.assertEqual(lines[:2], ["#separator:comma", "#html:true"])
        rows = list(csv.reader(io.StringIO("\n".join(lines[8:]))))
        self.assertEqual(len(rows), 4)
        self.assertEqual(
            rows[1][1:6], ["Basic (and reversed card)", "Biology::Cells", "", "uno", "one"]
        )
        row = self.receive("mine.csv", table, self.bob)
        self.assertEqual((row.contents["notes"], row.contents["cards"]), (4, 6))
        report = self.take(row)
        self.assertEqual(report["imported"], 6)
        theirs = self.cards(self.bob)
        self.assertEqual(theirs[f"{CLOZE}#2"].answer, "See p. 5")
        self.assertEqual(theirs["uno#2"].kind, Kind.REVERSED)
        code = next(card for card in theirs.values() if card.tags)
        self.assertEqual((code.answer, code.extra), (CODE, "From a book"))
        again = self.take(self.receive("mine.csv", table, self.alice))
        self.assertEqual((again["imported"], again["same"]), (0, 6))

    def test_no_cell_is_a_formula_and_all_comes_back_as_it_was(self) -> None:
        firsts = ("=1+1", "+1", "-ed", "@x", "'=1", "'-a", "＝1")  # noqa: RUF001 - full width
        decks_named = [
            decks.create_deck(owner_id=self.alice.pk, name=f"{first} deck", now=NOW)
            for first in firsts
        ]
        give_cards(
            self.alice,
            *(
                NewCard(question=f"{first} asked", answer=first, extra=f"{first}!",
                        tags=(f"{first}tag",), deck_ids=(deck.id,))
                for first, deck in zip(firsts, decks_named, strict=True)
            ),
        )  # fmt: skip
        table = self.export("csv")
        rows = list(csv.reader(io.StringIO("".join(table.decode().splitlines(True)[8:]))))
        cells = [cell for row in rows for cell in row]
        self.assertEqual([cell for cell in cells if cell[:1] in [*"=+-@\t\r＝"]], [])  # noqa: RUF001
        self.take(self.receive("mine.csv", table, self.bob))
        said = {(card.question, card.answer, card.extra, card.tags) for card in self.alices()}
        theirs = {
            (card.question, card.answer, card.extra, card.tags)
            for card in self.cards(self.bob).values()
        }
        self.assertLessEqual(said, theirs)
        names = set(Deck.objects.filter(owner=self.bob).values_list("name", flat=True))
        self.assertLessEqual({f"{first} deck" for first in firsts}, names)

    def alices(self) -> list[Flashcard]:
        return [card for card in cards.for_owner(self.alice) if "asked" in card.question]


class PageTests(ExportTestCase):
    def test_from_the_search_to_the_file(self) -> None:
        self.log_in()
        page = self.client.get("/cards/export/", {"q": "tag:leech"})
        self.assertContains(page, "1 card found by")
        given = {"q": "tag:leech", "format": "apkg", "schedule": "1", "images": "1"}
        page = self.client.post("/cards/export/", given, follow=True)
        self.assertContains(page, "Anki package (.apkg) with 1 card")
        row = CardExport.objects.get()
        response = self.client.get(f"/cards/export/{row.id}/file/")
        self.assertIn(".apkg", response.headers["Content-Disposition"])
        self.assertEqual(b"".join(response.streaming_content)[:2], b"PK")  # type: ignore[attr-defined]

    def test_what_was_selected_leads_to_the_choice_of_a_format(self) -> None:
        self.log_in()
        ids = ",".join(str(card.id) for card in self.made[:2])
        page = self.client.post("/cards/export/", {"ids": ids, "q": "x"})
        self.assertContains(page, "2 cards that you selected")
        page = self.client.post("/cards/export/", {"ids": ids, "format": "csv"}, follow=True)
        self.assertContains(page, "Table (.csv) with 2 cards")
        spared = {"all": "1", "except": str(self.made[0].id)}
        self.assertContains(self.client.post("/cards/export/", spared), "5 cards that you selected")

    def test_it_says_what_is_wrong(self) -> None:
        self.log_in()
        for given, said in (
            ({"q": "is:odd"}, "notice--error"),
            ({"q": "zzz"}, "No cards match the search"),
        ):
            self.assertContains(
                self.client.get("/cards/export/", given), said,
                status_code=422 if "odd" in given["q"] else 200,
            )  # fmt: skip
        page = self.client.post("/cards/export/", {"format": "exe"})
        self.assertContains(page, "Choose one of these formats", status_code=422)
        self.log_in(self.bob)
        self.assertContains(self.client.get("/cards/export/"), "No cards to export")

    def test_another_learners_cards_and_old_files_are_not_given_out(self) -> None:
        self.log_in(self.bob)
        ids = {"ids": str(self.made[0].id), "format": "csv", "schedule": "1"}
        page = self.client.post("/cards/export/", ids, follow=True)
        row = CardExport.objects.get()
        self.assertNotIn("uno", export_job.file_of(row).read_text())
        self.assertContains(page, "Table")
        export_job.purge(timezone.now())
        self.assertTrue(export_job.file_of(row).exists())
        with self.captureOnCommitCallbacks(execute=True):
            export_job.purge(timezone.now() + timedelta(days=2))
        self.assertFalse(export_job.file_of(row).exists())
