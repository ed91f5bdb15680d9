"""One person's browser at a running MemoryLoop, and what people do there."""

import itertools
import re
from typing import Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
)

from tests.live import LiveMemoryLoop

PASSWORD = "a lamp, a desk and an open book"
CLAUDE_KEY = "sk-ant-api03-" + "k" * 80 + "-AAAA"
HEIGHTS = {390: 844, 1440: 900}
# Under load, two cores and seven other programs.
PATIENCE_MS = 30_000

_numbers = itertools.count(1)


def send(page: Page, path: str, **fields: str | float | bool) -> None:
    """Send a form in the browser's name, without having a page drawn.

    For what a test begins with: drawing a page costs ten times what the server does for it.
    """
    cookies = {str(each.get("name")): str(each.get("value")) for each in page.context.cookies()}
    if "csrftoken" not in cookies:
        # Any page with a form brings the token.
        page.request.get("/accounts/login/")
        send(page, path, **fields)
        return
    answer = page.request.post(path, form=fields, headers={"X-CSRFToken": cookies["csrftoken"]})
    assert answer.ok, f"{path}: {answer.status}"


class Visit:
    """A browser of its own (cookies and all). Collects what should never happen in `problems`."""

    def __init__(
        self,
        browser: Browser,
        site: LiveMemoryLoop,
        *,
        width: int = 1440,
        scheme: Literal["light", "dark"] = "light",
        javascript: bool = True,
        logged_in_as: "Visit | None" = None,
    ) -> None:
        self.site = site
        self.width = width
        self.javascript = javascript
        self.email: str = logged_in_as.email if logged_in_as else ""
        self.problems: list[str] = []
        # Statuses that a test provokes: the browser reports each as an error on the console.
        self.expected_statuses: set[int] = set()
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme=scheme,
            java_script_enabled=javascript,
            has_touch=width < 500,
            is_mobile=width < 500,
            base_url=site.url,
            reduced_motion="reduce",
            storage_state=logged_in_as.context.storage_state() if logged_in_as else None,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._on_request)
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        self.page: Page = self.context.new_page()

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.site.url}/", "data:", "blob:", "about:")):
            self.problems.append(f"another host: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # htmx names an event for a request that failed, or that a change of page cut off. If it
        # failed, the browser has said why in a message of its own.
        if re.match(r"htmx:(afterRequest|send|response)", message.text):
            return
        # What a test does on purpose: an answer that is no success, a server that is away.
        status = re.search(r"the server responded with a status of (\d+)", message.text)
        if status and int(status[1]) in self.expected_statuses:
            return
        if 0 in self.expected_statuses and "net::ERR_" in message.text:
            return
        self.problems.append(f"console: {message.text} ({self.page.url})")

    def close(self) -> None:
        self.context.close()

    # What people do

    def arrive(self, address: str) -> None:
        """Wait for the page that a click leads to (a regular expression), scripts and all.

        What a page shows is there before the scripts that listen: whoever goes on from a link or
        a form, and not by `page.goto`, begins here.
        """
        expect(self.page).to_have_url(re.compile(address))
        self.page.wait_for_load_state()

    def sign_up(self, name: str = "Ada Lovelace", *, by_hand: bool = False) -> str:
        """Make an account, go to its first page, and return the email address."""
        self.email = email = f"learner{next(_numbers)}@example.org"
        if not by_hand:
            send(self.page, "/accounts/sign-up/", name=name, email=email, password=PASSWORD)
            self.page.goto("/chat/")
            return email
        self.page.goto("/")
        self.page.get_by_role("link", name="Sign up").first.click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.locator("main").get_by_role("button", name="Sign up").click()
        self.arrive(r"/chat/$")
        return email

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.locator("main").get_by_role("button", name="Log in").click()
        self.arrive(r"/chat/$")

    def save_claude_key(self, *, by_hand: bool = False) -> None:
        """Have Claude answer; done by hand, on the page of the settings."""
        if not by_hand:
            send(self.page, "/settings/key/", api_key=CLAUDE_KEY)
            return
        self.page.goto("/settings/")
        self.page.get_by_label("Claude API key").fill(CLAUDE_KEY)
        self.page.get_by_role("button", name="Save the key").click()
        expect(self.page.get_by_text("Claude answers you.", exact=True)).to_be_visible()

    def ask(self, question: str) -> None:
        """Send a message from where the composer is, and wait until the answer is whole."""
        composer = self.page.get_by_label("Message", exact=True)
        composer.fill(question)
        self.page.get_by_role("button", name="Ask", exact=True).click()
        self.arrive(r"/chat/[0-9a-f-]{36}/")
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        answer = self.page.locator(".message--answer").last
        expect(answer.locator(".message-foot .badge")).to_be_visible(timeout=PATIENCE_MS)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, once the scripts that listen for them have run."""
        self.page.wait_for_load_state()
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, target: Locator, *, back: bool = False) -> None:
        """Press Tab until a control has the focus, as somebody without a mouse does."""
        expect(target).to_be_visible()
        self.page.wait_for_load_state()
        for _ in range(80):
            if target.evaluate("control => control === document.activeElement"):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"Tab does not lead to {target}.")

    def settle(self) -> None:
        """Wait until nothing that was asked for is on its way or being put into the page.

        Not with `wait_for_function`, which looks once and then evaluates text in the page: the
        Content Security Policy forbids that.
        """
        coming = self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")
        expect(coming).to_have_count(0)

    def open_palette(self) -> Locator:
        """Press Ctrl+K and return the field to search in."""
        self.press("Control+k")
        field = self.page.locator("#palette input")
        expect(field).to_be_focused()
        return field

    # Cards and their review

    def draft_cards(self) -> int:
        """From a page of drafts being made: wait until all are there and return how many."""
        expect(self.page).to_have_url(re.compile(r"/cards/make/"))
        start = self.page.locator("main").get_by_role("button", name="Make cards")
        tray = self.page.locator("#tray")
        # Whoever comes by a link of ours with JavaScript on need not press the button.
        expect(tray.or_(start).first).to_be_visible()
        if not tray.is_visible() and not self.javascript:
            start.click()
        # Not only that "Stop" is gone: it is so, too, in a page that has only begun to come.
        done = tray.locator("#draft-working:not(:has(button)) ~ #accept #draft-add")
        expect(done).to_be_visible(timeout=2 * PATIENCE_MS)
        self.page.wait_for_load_state()
        return self.page.locator("[data-draft]").count()

    def keep_cards(self) -> int:
        """Add the drafts that are kept, and return how many cards that made."""
        button = self.page.locator("#draft-add")
        number = re.search(r"Add (\d+) card", button.inner_text())
        assert number, button.inner_text()
        button.click()
        expect(self.page.locator(".made-cards > li")).to_have_count(
            int(number[1]), timeout=PATIENCE_MS
        )
        return int(number[1])

    def begin_review(self) -> str:
        """Open the review and return the learner's id, which the page names."""
        self.page.goto("/review/")
        learner = self.page.locator("#review-stage").get_attribute("data-learner")
        assert learner
        return learner

    def rate(self, name: str) -> None:
        """Show the answer of the card on the page, rate it, and wait for what comes next."""
        card = self.card_on_page()
        self.page.get_by_role("button", name="Show answer").click()
        self.page.locator("#review-rate").get_by_role("button", name=name).click()
        expect(self.page.locator(f'#review-stage:not([data-card="{card}"])')).to_be_visible()

    def review_everything(self) -> int:
        """Rate each card Easy until none is left; return how many reviews that took."""
        for count in range(100):
            if self.page.locator("#review-stage").get_attribute("data-kind") != "card":
                return count
            self.rate("Easy")
        raise AssertionError("The review does not end.")

    def card_on_page(self) -> str:
        card = self.page.locator("#review-stage").get_attribute("data-card")
        assert card
        return card
