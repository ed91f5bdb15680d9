"""The rules that every view of a card keeps, as one mix-in for the tests of each."""

import uuid
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from flashcards.domain.records import Flashcard
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

HTMX = {"HX-Request": "true"}


# A mix-in, so that its own tests are not collected; to the type checker it is a TestCase.
if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


class CardViewRules(_Base):
    """Mixed into a TestCase; `name` is the URL name, `method` what it takes."""

    name: str
    method = "get"

    def url(self, card: Flashcard) -> str:
        return reverse(f"flashcards:{self.name}", args=[card.id])

    def send(self, url: str) -> Any:
        return getattr(self.client, self.method)(url)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        (card,) = give_cards(self.alice)
        url = self.url(card)
        self.assertRedirects(
            self.send(url), f"/accounts/login/?next={url}", fetch_redirect_response=False
        )

    def test_it_knows_no_card_of_another_learner(self) -> None:
        (card,) = give_cards(self.alice)
        self.log_in(self.bob)
        self.assertEqual(self.send(self.url(card)).status_code, 404)

    def test_it_knows_no_card_that_never_was(self) -> None:
        self.log_in()
        url = reverse(f"flashcards:{self.name}", args=[uuid.uuid4()])
        self.assertEqual(self.send(url).status_code, 404)

    def test_it_takes_no_other_method(self) -> None:
        (card,) = give_cards(self.alice)
        self.log_in()
        other = "put" if self.method == "get" else "get"
        self.assertEqual(getattr(self.client, other)(self.url(card)).status_code, 405)
