"""/insight/week/: the report, where it comes, and the link that stops the mails."""

from datetime import date, timedelta

from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from flashcards.insight import weekly_mail
from flashcards.models import WeeklyReport
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards

URL = "/insight/week/"
Wanted = WeeklyReport.Wanted
with_mail = override_settings(EMAIL_HOST="mail.example.org")


class WeekPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def wanted(self) -> str:
        row = WeeklyReport.objects.filter(owner=self.alice).first()
        return row.wanted if row else "none"

    def test_it_asks_visitors_to_log_in(self) -> None:
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )
        self.assertEqual(self.client.put(URL).status_code, 405)
        self.assertEqual(self.client.get(f"{URL}seen/").status_code, 405)

    def test_it_is_off_and_shows_what_it_would_say(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "you reviewed nothing.")
        self.assertRegex(response.content.decode(), r'value="off"[^>]* checked')
        self.assertEqual(self.wanted(), "none")

    @with_mail
    def test_it_is_chosen(self) -> None:
        for chosen in ("mail", "page", "off"):
            self.client.post(URL, {"wanted": chosen})
            self.assertEqual(self.wanted(), chosen)
        self.client.post(URL, {"wanted": "mail"})
        self.assertEqual(WeeklyReport.objects.get().base_url, "http://testserver")
        self.assertContains(self.client.get(URL), "The first report comes on Monday morning.")
        response = self.client.post(URL, {"wanted": "pigeon"})
        self.assertContains(response, "Choose where the report comes.", status_code=422)
        self.assertEqual(self.wanted(), "mail")

    @override_settings(EMAIL_HOST="")
    def test_without_a_mail_server_it_says_so(self) -> None:
        self.assertContains(self.client.get(URL), "This MemoryLoop sends no mail")
        response = self.client.post(URL, {"wanted": "mail"})
        self.assertContains(response, "This MemoryLoop sends no mail", status_code=422)
        self.assertEqual(self.wanted(), "none")
        # One who chose it before has it on the page meanwhile, and may save the form.
        WeeklyReport.objects.create(owner=self.alice, wanted=Wanted.MAIL)
        self.assertContains(self.client.get(URL), "the report stands on the Insight page")
        self.assertEqual(self.client.post(URL, {"wanted": "mail"}).status_code, 302)
        self.assertContains(self.client.get("/insight/"), "Your last week")

    def test_on_the_page_it_stands_until_it_is_put_away(self) -> None:
        (card,) = give_cards(self.alice)
        answer(card, now=timezone.now() - timedelta(days=1))
        self.assertNotContains(self.client.get("/insight/"), "Your last week")
        WeeklyReport.objects.create(owner=self.alice, wanted=Wanted.PAGE)
        self.assertContains(self.client.get("/insight/"), "Your last week")
        response = self.client.post(f"{URL}seen/", {"next": "/insight/"})
        self.assertRedirects(response, "/insight/", fetch_redirect_response=False)
        self.assertNotContains(self.client.get("/insight/"), "Your last week")
        WeeklyReport.objects.update(seen_week=date(2020, 1, 6))
        self.assertContains(self.client.get("/insight/"), "Your last week")
        self.log_in(self.bob)
        self.assertNotContains(self.client.get("/insight/"), "Your last week")


class StopTests(TestCase):
    def setUp(self) -> None:
        for user in (self.alice, self.bob):
            WeeklyReport.objects.create(owner=user, wanted=Wanted.MAIL)
        self.url = reverse(
            "flashcards:insight_week_off", args=[weekly_mail.token_of(self.alice.id)]
        )
        # As a mail program: no session, no token of a form.
        self.program = Client(enforce_csrf_checks=True)

    def wanted(self) -> list[str]:
        return list(WeeklyReport.objects.order_by("owner__email").values_list("wanted", flat=True))

    def test_one_post_stops_them_without_logging_in(self) -> None:
        response = self.program.post(self.url, {"List-Unsubscribe": "One-Click"})
        self.assertContains(response, "You get no more weekly reports by mail.")
        self.assertEqual(self.wanted(), ["off", "mail"])
        self.assertEqual(self.program.post(self.url).status_code, 200)

    def test_opening_the_link_asks_first(self) -> None:
        response = self.program.get(self.url)
        self.assertContains(response, "Stop them")
        self.assertEqual(self.wanted(), ["mail", "mail"])

    def test_a_token_that_is_not_ours_stops_nothing(self) -> None:
        for token in ("odd", weekly_mail.token_of(self.alice.id)[:-1] + "!", str(self.alice.id)):
            url = reverse("flashcards:insight_week_off", args=[token])
            self.assertEqual(self.program.post(url).status_code, 404)
        self.assertEqual(self.wanted(), ["mail", "mail"])

    def test_it_does_nothing_to_who_wants_it_on_the_page(self) -> None:
        WeeklyReport.objects.update(wanted=Wanted.PAGE)
        self.program.post(self.url)
        self.assertEqual(self.wanted(), ["page", "page"])

    def test_the_account_may_be_gone(self) -> None:
        self.alice.delete()
        self.assertEqual(self.program.post(self.url).status_code, 200)
