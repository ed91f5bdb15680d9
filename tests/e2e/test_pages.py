"""Every page at both widths, light and dark: for everyone, light in weight, and self-contained."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.e2e import pages
from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser

WIDTHS = (390, 1440)
# Looked at for their measures only: between a phone and a desk.
BETWEEN = (768, 844, 1024)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What axe thinks less of than "serious" is no fault here, so it need not look for it.
LESSER = (
    *("aria-allowed-role", "aria-deprecated-role", "empty-heading", "empty-table-header"),
    *("focus-order-semantics", "form-field-multiple-labels", "heading-order", "hidden-content"),
    *("html-xml-lang-mismatch", "image-redundant-alt", "landmark-banner-is-top-level"),
    *("landmark-contentinfo-is-top-level", "landmark-main-is-top-level"),
    *("landmark-no-duplicate-banner", "landmark-no-duplicate-contentinfo"),
    *("landmark-no-duplicate-main", "landmark-one-main", "landmark-unique"),
    *("meta-viewport", "meta-viewport-large", "no-autoplay-audio", "page-has-heading-one"),
    *("presentation-role-conflict", "region", "scope-attr-valid", "server-side-image-map"),
    *("skip-link", "table-duplicate-name"),
)
# The one rule for which axe parses all stylesheets again; they are the same at any width, and on
# many pages.
OF_STYLESHEETS = "css-orientation-lock"
RULES: dict[str, dict[str, object]] = {
    "light": {
        "resultTypes": ["violations"],
        "preload": False,
        "rules": {rule: {"enabled": False} for rule in (*LESSER, OF_STYLESHEETS)},
    },
    # In the dark the same page has other colours, and nothing else is different.
    "dark": {
        "resultTypes": ["violations"],
        "preload": False,
        "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    },
    "stylesheets": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": [OF_STYLESHEETS]},
    },
}
MOST_BYTES = 150 * 1024
# What a page is styled by: addresses of files, and what stands in the page itself.
STYLESHEETS = """() => [...document.styleSheets].map(
  (sheet) => sheet.href ?? sheet.ownerNode.textContent
).join("\\n")"""
# What is no success on purpose: the browser reports each.
STATUSES = {
    "not-found": {404},
    "cards-not-understood": {422},
    "insight-not-understood": {422},
    "insight-plan-not-understood": {422},
}
# As unpacked, which is more than what comes through the wire, and cached or not.
WEIGHT = """
  performance.getEntries()
    .filter((entry) => entry.decodedBodySize && !/[.](png|svg|jpe?g|webp)$/.test(entry.name))
    .reduce((sum, entry) => sum + entry.decodedBodySize, 0)
"""
# Lets animations end first: a colour that is on its way to another one fits to neither. What has
# its colour from another element begins when that has ended.
CHECK = """async (runs) => {
  let moving;
  do {
    await new Promise(requestAnimationFrame);
    moving = document.getAnimations();
    await Promise.allSettled(moving.map((each) => each.finished));
  } while (moving.length);
  const found = [];
  for (const rules of runs) {
    const { violations } = await axe.run(rules);
    for (const { id, impact, nodes } of violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      found.push(...nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
    }
  }
  const page = document.documentElement;
  const wider = page.scrollWidth - page.clientWidth;
  return wider > 0 ? [...found, `${wider} px wider than the window`] : found;
}"""
# Where the title begins on a learner's page, what is too narrow to be read, and what is too wide.
MEASURE = """() => {
  const page = document.documentElement;
  const found = [];
  if (page.scrollWidth > page.clientWidth) found.push("wider than the window");
  const names = ".browser-line > th, th.decks-name, .settings-fields > *";
  for (const name of document.querySelectorAll(names))
    if (name.offsetWidth && name.offsetWidth < 160) found.push(`${name.offsetWidth} px for a name`);
  const title = document.querySelector(".rail ~ .page h1");
  return [title ? Math.round(title.getBoundingClientRect().left) : null, [...new Set(found)]];
}"""
NOTES = """Photosynthesis is the process by which plants turn light into chemical energy.
Chlorophyll is the green pigment that absorbs the light. The Calvin cycle takes place in the
stroma. Melvin Calvin received the Nobel Prize in Chemistry in 1961 for describing it. A
chloroplast is the part of a plant cell in which photosynthesis happens. Oxygen is released because
water is split. Stomata are small pores in a leaf that let carbon dioxide in and water vapour out.
The thylakoid is a flattened sac in which the light reactions take place."""


@pytest.fixture(scope="module")
def settled(browser: Browser, site: LiveMemoryLoop) -> Iterator[Visit]:
    """A learner with a conversation, drafts and cards."""
    person = Visit(browser, site)
    person.sign_up()
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
    # For the statistics.
    person.begin_review()
    person.rate("Good")
    yield person
    person.close()
    assert person.problems == []


@pytest.fixture(scope="module")
def settled_pages(settled: Visit) -> dict[str, str]:
    return pages.find(settled)


def _faults(person: Visit, places: dict[str, str]) -> list[str]:
    """Open pages and return what is wrong with them, light or dark."""
    page = person.page
    person.context.add_init_script(AXE_SCRIPT)
    found = []
    schemes = SCHEMES
    edges: dict[int, int] = {}
    stylesheets: set[str] = set()
    for name, path in places.items():
        person.expected_statuses = STATUSES.get(name, set())
        page.goto(path)
        person.settle()
        weight = page.evaluate(WEIGHT)
        if weight > MOST_BYTES:
            found.append(f"{name}: {weight} bytes before images")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            runs = [RULES[scheme]]
            if scheme == "light" and person.width == WIDTHS[0]:
                sheets = page.evaluate(STYLESHEETS)
                if sheets not in stylesheets:
                    stylesheets.add(sheets)
                    runs.append(RULES["stylesheets"])
            found += [f"{name}, {scheme}: {fault}" for fault in page.evaluate(CHECK, runs)]
        if person.width == WIDTHS[-1]:
            found += [f"{name}, {fault}" for fault in _measured(page, edges)]
        # The next page comes in the colours that are there.
        schemes = schemes[::-1]
    return found


def _measured(page: Page, edges: dict[int, int]) -> Iterator[str]:
    """Yield what is wrong with a page at each width; `edges` says where titles begin there."""
    for width in (*BETWEEN, WIDTHS[-1]):
        page.set_viewport_size({"width": width, "height": 900})
        left, found = page.evaluate(MEASURE)
        yield from (f"{width} px: {fault}" for fault in found)
        if left is not None and left != edges.setdefault(width, left):
            yield f"{width} px: the title begins at {left}, elsewhere at {edges[width]}"


@pytest.mark.parametrize("width", WIDTHS)
class TestPages:
    def test_visitors_meet_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int
    ) -> None:
        person = visit(width=width)
        assert _faults(person, pages.FOR_VISITORS) == []

    def test_a_new_learner_meets_nothing_that_shuts_anybody_out(
        self, visit: Callable[..., Visit], width: int
    ) -> None:
        person = visit(width=width)
        person.sign_up()
        assert _faults(person, pages.EMPTY) == []

    def test_a_settled_learner_meets_nothing_that_shuts_anybody_out(
        self,
        visit: Callable[..., Visit],
        settled: Visit,
        settled_pages: dict[str, str],
        width: int,
    ) -> None:
        person = visit(width=width, logged_in_as=settled)
        assert _faults(person, settled_pages) == []


def test_the_admin_works_under_the_same_policy(
    visit: Callable[..., Visit], site: LiveMemoryLoop, settled: Visit
) -> None:
    make_staff = (
        "from accounts.models import User; "
        f"User.objects.filter(email={settled.email!r}).update(is_staff=True, is_superuser=True)"
    )
    site.call("shell", "-c", make_staff)
    person = visit(logged_in_as=settled)
    page = person.page
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
