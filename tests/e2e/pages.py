"""Every page of the application, as somebody meets it."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.e2e.visit import Visit

FOR_VISITORS = {
    "home": "/",
    "login": "/accounts/login/",
    "sign-up": "/accounts/sign-up/",
    "password-reset": "/accounts/reset/",
    "password-reset-sent": "/accounts/reset/sent/",
    "password-reset-complete": "/accounts/reset/complete/",
    "not-found": "/no/such/page/",
}


def find(person: Visit) -> dict[str, str]:
    """Return the pages of somebody who has conversations and cards, by name."""
    page = person.page
    page.goto("/chat/conversations/")
    conversation = page.locator("main .list-link").first.get_attribute("href") or ""
    page.goto(conversation)
    make = page.locator(".message a[href*='/cards/make/']").first.get_attribute("href")
    page.goto("/chat/search/?q=spaced")
    page.locator(".found-link").first.click()
    context = page.locator(".message a[href$='/context/']").first.get_attribute("href")
    page.goto(make or "")
    drafts = page.locator("a[href*='/cards/drafts/'][href$='/edit/']")
    draft = drafts.first.get_attribute("href") if drafts.count() else None
    page.goto("/decks/")
    if not page.locator("a[href^='/decks/'][href$='/edit/']").count():
        page.goto("/decks/new/")
        page.get_by_label("Name", exact=True).fill("Biology")
        page.get_by_role("button", name="Create deck").click()
        expect(page).not_to_have_url(re.compile("/decks/new/"))
        page.goto("/decks/")
    deck = page.locator("a[href^='/decks/'][href$='/edit/']").first.get_attribute("href") or ""
    page.goto("/settings/study/")
    presets = page.locator("a[href^='/settings/study/presets/']")
    if not presets.count():
        page.get_by_label("Name of the new preset").fill("Languages")
        page.get_by_role("button", name="New preset").click()
        expect(page).to_have_url(re.compile("/presets/"))
        page.goto("/settings/study/")
    preset = presets.first.get_attribute("href") or ""
    page.goto("/insight/coverage/")
    goals = page.locator("a[href^='/insight/goals/']:not([href$='/new/'])")
    if not goals.count():
        page.goto("/insight/goals/new/")
        page.get_by_label("Name", exact=True).fill("Biology exam")
        page.get_by_label("Headings or questions").fill("1. Photosynthesis\n2. Privity of contract")
        page.get_by_role("button", name="Create goal").click()
        expect(page).not_to_have_url(re.compile("/goals/new/"))
        page.goto("/insight/coverage/")
    goal = goals.first.get_attribute("href") or ""
    page.goto("/cards/")
    card = page.locator("a.cards-title").first.get_attribute("href") or ""
    expect(page).to_have_title(re.compile("Cards"))
    of_a_draft = {
        "edit-draft": draft or "",
        "draft-overlap": (draft or "").replace("edit/", "overlap/"),
    }
    return {
        **(of_a_draft if draft else {}),
        "chat": "/chat/",
        "conversation": conversation,
        "conversations": "/chat/conversations/",
        "archived": "/chat/archived/",
        "found": "/chat/search/?q=memory",
        "found-nothing": "/chat/search/?q=zzzzzz",
        "context": context or "",
        "rename": f"{conversation}rename/",
        "make-cards": make or "",
        "review": "/review/",
        "review-finished": "/review/?finish=1",
        "today": "/review/today/",
        "leeches": "/review/leeches/",
        "tour": "/tour/",
        "backlog": "/review/plan/?minutes=10&order=due&hold_new=on",
        "review-typed": "/review/?typed=1",
        "ways": "/study/",
        "exam-plan": f"/study/exam/?scope=all&on={datetime.now(UTC).date() + timedelta(days=30)}",
        "cards": "/cards/",
        "cards-found-nothing": "/cards/?q=zzzzzz",
        "cards-not-understood": "/cards/?q=is%3Aodd",
        "decks": "/decks/",
        "insight": "/insight/",
        "insight-week": "/insight/week/",
        "insight-memory": "/insight/memory/",
        "insight-calendar": "/insight/chart/calendar/",
        "insight-reviews": "/insight/chart/reviews/?span=month",
        "insight-plan": "/insight/plan/?calculate=on&compare=on&b-desired_retention=80",
        "insight-plan-not-understood": "/insight/plan/?a-new_per_day=many",
        "insight-map": "/insight/map/",
        "insight-coverage": "/insight/coverage/",
        "insight-coverage-of": conversation.replace("/chat/", "/insight/coverage/"),
        "insight-goal": goal,
        "edit-goal": f"{goal}edit/",
        "new-goal": "/insight/goals/new/",
        "insight-not-understood": "/insight/?of=search&search=is%3Aodd",
        "new-deck": "/decks/new/",
        "edit-deck": deck,
        "deck-about": "/decks/about/?topic=memory",
        "card": card,
        "edit-card": f"{card}edit/",
        "new-card": "/cards/new/",
        "documents": "/documents/",
        "bin": "/cards/bin/",
        "duplicates": "/cards/duplicates/",
        "import": "/cards/import/",
        "export-cards": "/cards/export/",
        "near": f"{card}near/",
        "settings": "/settings/",
        "study": "/settings/study/",
        "study-deck": deck.replace("/decks/", "/settings/study/").removesuffix("edit/"),
        "study-preset": preset,
        "reschedule": "/settings/study/reschedule/",
        "change-password": "/accounts/password/",
        "change-email": "/accounts/email/",
        "export": "/accounts/export/",
        "delete-account": "/accounts/delete/",
        "not-found": "/no/such/page/",
    }


# For somebody who has just signed up.
EMPTY = {
    "empty-chat": "/chat/",
    "empty-conversations": "/chat/conversations/",
    "empty-review": "/review/",
    "empty-today": "/review/today/",
    "empty-leeches": "/review/leeches/",
    "empty-backlog": "/review/plan/",
    "empty-ways": "/study/",
    "empty-cards": "/cards/",
    "empty-decks": "/decks/",
    "empty-insight": "/insight/",
    "empty-insight-plan": "/insight/plan/",
    "empty-insight-map": "/insight/map/",
    "empty-insight-coverage": "/insight/coverage/",
}
