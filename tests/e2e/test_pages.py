"""Every page at both widths, light and dark: for everyone, light in weight, and self-contained."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e import pages
from tests.e2e.visit import PASSWORD, Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser

WIDTHS = (390, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# In the dark the same page has other colours, and nothing else is different.
RULES: dict[str, dict[str, object]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    },
}
MOST_BYTES = 150 * 1024
# What is no success on purpose: the browser reports each.
STATUSES = {"not-found": {404}, "cards-not-understood": {422}}
# As unpacked, which is more than what comes through the wire, and cached or not.
WEIGHT = """
  performance.getEntries()
    .filter((entry) => entry.decodedBodySize && !/[.](png|svg|jpe?g|webp)$/.test(entry.name))
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)
"""
# A colour that is on its way to another one fits to neither.
AT_REST = """
  Promise.allSettled(document.getAnimations().map((each) => each.finished)).then(() => true)
"""
NOTES = """Photosynthesis is the process by which plants turn light into chemical energy.
Chlorophyll is the green pigment that absorbs the light. The Calvin cycle takes place in the
stroma. Melvin Calvin received the Nobel Prize in Chemistry in 1961 for describing it. A
chloroplast is the part of a plant cell in which photosynthesis happens. Oxygen is released because
water is split. Stomata are small pores in a leaf that let carbon dioxide in and water vapour out.
The thylakoid is a flattened sac in which the light reactions take place."""


@pytest.fixture(scope="module")
def settled(browser: Browser, site: LiveMemoryLoop) -> str:
    """A learner with a conversation, drafts and cards. Returns the email address."""
    person = Visit(browser, site)
    email = person.sign_up()
    person.save_claude_key()
    person.page.goto("/chat/")
    person.ask("How does spaced repetition work?")
    person.page.goto("/chat/")
    person.page.get_by_label("Message", exact=True).fill(NOTES)
    person.page.get_by_role("button", name="Make cards from this").click()
    person.draft_cards()
    person.keep_cards()
    person.page.goto("/chat/conversations/")
    person.page.get_by_role("link", name="How does spaced repetition work").click()
    person.page.locator(".message--answer").get_by_role("link", name="Make cards").click()
    person.draft_cards()
    person.close()
    assert person.problems == []
    return email


def _faults(person: Visit, name: str, path: str) -> list[str]:
    """Open a page and return what is wrong with it, light or dark."""
    person.expected_statuses = STATUSES.get(name, set())
    person.page.goto(path)
    person.settle()
    found = []
    weight = person.page.evaluate(WEIGHT)
    if weight > MOST_BYTES:
        found.append(f"{name}: {weight} bytes before images")
    for scheme in SCHEMES:
        person.page.emulate_media(color_scheme=scheme)
        person.page.evaluate(AT_REST)
        found += [
            f"{name}, {scheme}: {violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in Axe().run(person.page, options=RULES[scheme]).response["violations"]
            if violation["impact"] in {"serious", "critical"}
            for node in violation["nodes"]
        ]
        wider = person.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wider > 0:
            found.append(f"{name}, {scheme}: {wider} px wider than the window")
    return found


@pytest.mark.parametrize("width", WIDTHS)
class TestPages:
    def test_visitors_meet_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int
    ) -> None:
        person = visit(width=width)
        faults = [
            fault
            for name, path in pages.FOR_VISITORS.items()
            for fault in _faults(person, name, path)
        ]
        assert faults == []

    def test_a_new_learner_meets_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int
    ) -> None:
        person = visit(width=width)
        person.sign_up()
        faults = [
            fault for name, path in pages.EMPTY.items() for fault in _faults(person, name, path)
        ]
        assert faults == []

    def test_a_settled_learner_meets_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], settled: str, width: int
    ) -> None:
        person = visit(width=width)
        person.log_in(settled, PASSWORD)
        faults = [
            fault
            for name, path in pages.find(person).items()
            for fault in _faults(person, name, path)
        ]
        assert faults == []


def test_the_admin_works_under_the_same_policy(
    visit: Callable[..., Visit], site: LiveMemoryLoop, settled: str
) -> None:
    make_staff = (
        "from accounts.models import User; "
        f"User.objects.filter(email={settled!r}).update(is_staff=True, is_superuser=True)"
    )
    site.manage("shell", "-c", make_staff)
    person = visit()
    page = person.page
    person.log_in(settled, PASSWORD)
    page.goto("/admin/")
    expect(page.get_by_role("link", name="MemoryLoop administration")).to_be_visible()
    addresses = page.locator("#content-main th a").evaluate_all("links => links.map(a => a.href)")
    assert len(addresses) >= 4
    for address in addresses:
        page.goto(address)
        _expect_heading(page)
        first = page.locator("#result_list tbody th a").first
        if first.count():
            first.click()
            expect(page).not_to_have_url(address)
            page.wait_for_load_state()
            _expect_heading(page)


def _expect_heading(page: Page) -> None:
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("#content h1")).to_be_visible()
