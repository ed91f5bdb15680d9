"""Cards for a learner in a browser, made by the services in a process beside the server."""

from tests.e2e.visit import Visit

_GIVE = """
from django.utils import timezone
from accounts.models import User
from flashcards import study_settings
from flashcards.cards.cards import create_cards
from flashcards.domain.records import NewCard
owner_id = User.objects.get(email={email!r}).pk
now = timezone.now()
cards = [NewCard(question=f"What is {{n}} times 7?", answer=f"{{7 * n}}") for n in range({number})]
create_cards(owner_id=owner_id, cards=cards, now=now)
values = {{"new_per_day": {number}, "learning_steps_seconds": []}}
study_settings.save(owner_id=owner_id, deck=None, values=values, now=now)
"""


def give_cards(person: Visit, email: str, number: int) -> None:
    """Give a learner so many new cards, all for today, each of which one rating puts off."""
    person.site.call("shell", "-c", _GIVE.format(email=email, number=number))
