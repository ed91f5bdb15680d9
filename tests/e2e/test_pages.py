"""Every page at both widths, light and dark: for everyone, light in weight, and self-contained."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e import pages
from tests.e2e.visit import PASSWORD, Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser

WIDTHS = (390, 1440)
SCHEMES = ("light", "dark")
MOST_BYTES = 150 * 1024
# What is no success on purpose: the browser reports each.
STATUSES = {"not-found": {404}, "cards-not-understood": {422}}
# As unpacked, which is more than what comes through the wire, and cached or not.
WEIGHT = """
  performance.getEntries()
    .filter((entry) => entry.decodedBodySize && !/[.](png|svg|jpe?g|webp)$/.test(entry.name))
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)
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
    """Open a page and return what is wrong with it."""
    person.expected_statuses = STATUSES.get(name, set())
    person.page.goto(path, wait_until="networkidle")
    found = [
        f"{name}: {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in Axe().run(person.page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
    wider = person.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wider > 0:
        found.append(f"{name}: {wider} px wider than the window")
    weight = person.page.evaluate(WEIGHT)
    if weight > MOST_BYTES:
        found.append(f"{name}: {weight} bytes before images")
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
class TestPages:
    def test_visitors_meet_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int, scheme: str
    ) -> None:
        person = visit(width=width, scheme=scheme)
        faults = [
            fault
            for name, path in pages.FOR_VISITORS.items()
            for fault in _faults(person, name, path)
        ]
        assert faults == []

    def test_a_new_learner_meets_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int, scheme: str
    ) -> None:
        person = visit(width=width, scheme=scheme)
        person.sign_up()
        faults = [
            fault for name, path in pages.EMPTY.items() for fault in _faults(person, name, path)
        ]
        assert faults == []

    def test_a_settled_learner_meets_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], settled: str, width: int, scheme: str
    ) -> None:
        person = visit(width=width, scheme=scheme)
        person.log_in(settled, PASSWORD)
        faults = [
            fault
            for name, path in pages.find(person).items()
            for fault in _faults(person, name, path)
        ]
        assert faults == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_admin_works_under_the_same_policy(
    visit: Callable[..., Visit], site: LiveMemoryLoop, settled: str, scheme: str
) -> None:
    make_staff = (
        "from accounts.models import User; "
        f"User.objects.filter(email={settled!r}).update(is_staff=True, is_superuser=True)"
    )
    site.manage("shell", "-c", make_staff)
    person = visit(scheme=scheme)
    page = person.page
    person.log_in(settled, PASSWORD)
    page.goto("/admin/", wait_until="networkidle")
    expect(page.get_by_role("link", name="MemoryLoop administration")).to_be_visible()
    addresses = page.locator("#content-main th a").evaluate_all("links => links.map(a => a.href)")
    assert len(addresses) >= 4
    for address in addresses:
        page.goto(address, wait_until="networkidle")
        expect(page.locator("#content h1")).to_be_visible()
        first = page.locator("#result_list tbody th a").first
        if first.count():
            first.click()
            page.wait_for_load_state("networkidle")
            expect(page.locator("#content h1")).to_be_visible()
