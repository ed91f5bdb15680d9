"""The journey of a rating: how many of our modules it passes, and that none only hands it on."""

import ast
import functools
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from django.test import TransactionTestCase

from accounts.models import User
from flashcards import store
from flashcards.domain.records import Flashcard
from tests.engines import by_engine
from tests.flashcards.given_cards import give_many
from tests.flashcards.web.view_rules import HTMX

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("memoryloop", "accounts", "chat", "flashcards")
# Four of them are there because the store has two engines. What a checkpoint counts with LanceDB,
# a rating counts itself with PostgreSQL, in three modules.
FILES_MOST = by_engine(lancedb=30, postgresql=33)
WRITES = by_engine(
    lancedb="flashcards/store/journal/pending.py", postgresql="flashcards/store/postgres/write.py"
)


class RatingJourneyTests(TransactionTestCase):
    """One rating in the middle of a session, as the page's script sends it."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        give_many(self.alice, 30)
        store.checkpoint_all()
        self.client.force_login(self.alice)
        card = self.client.get("/review/").context["stage"].card
        card = self.rate(card).context["stage"].card
        self.codes: set[CodeType] = set()
        with traced(self.codes.add):
            response = self.rate(card)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(store.review_logs.for_owner(self.alice).count(), 2)

    def rate(self, card: Flashcard) -> Any:
        data = {
            "review_id": uuid.uuid4(),
            "sequence": card.sequence,
            "rating": 3,
            "duration_ms": 4_200,
            "done": 1,
        }
        return self.client.post(f"/review/{card.id}/rate/", data, headers=HTMX)

    def test_it_passes_few_of_our_modules(self) -> None:
        files = sorted({code.co_filename.removeprefix(f"{ROOT}/") for code in self.codes})
        self.assertLessEqual(len(files), FILES_MOST, "\n".join(files))
        self.assertIn("flashcards/web/views/review.py", files)
        self.assertIn(WRITES, files)

    def test_no_function_only_hands_it_on(self) -> None:
        names = {code.co_name for code in self.codes}
        idle = sorted(
            f"{code.co_filename.removeprefix(f'{ROOT}/')}:{code.co_firstlineno} {code.co_qualname}"
            for code in self.codes
            if (called := handed_on_to(code)) and called in names
        )
        self.assertEqual(idle, [])


@contextmanager
def traced(see: Callable[[CodeType], Any]) -> Iterator[None]:
    """Tell `see` of every function of ours that is called meanwhile, in new threads too."""

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and is_ours(frame.f_code.co_filename):
            see(frame.f_code)

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def is_ours(file: str) -> bool:
    return file.startswith(tuple(f"{ROOT}/{package}/" for package in PACKAGES))


def handed_on_to(code: CodeType) -> str | None:
    """Return the name of the function that a function calls with its own arguments and no more."""
    found = definitions(code.co_filename).get((code.co_name, code.co_firstlineno))
    if found is None:
        return None
    body = [each for each in found.body if not is_docstring(each)]
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Expr):
        return None
    call = body[0].value
    if not isinstance(call, ast.Call):
        return None
    given = {"self", "cls"} ^ {"self", "cls", *arguments(found)}
    passed = [each.id for each in call.args if isinstance(each, ast.Name)]
    passed += [
        k.arg for k in call.keywords if isinstance(k.value, ast.Name) and k.arg == k.value.id
    ]
    whole = len(passed) == len(call.args) + len(call.keywords)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return name if whole and set(passed) == given else None


def arguments(function: ast.FunctionDef) -> list[str]:
    every = function.args
    return [each.arg for each in (*every.posonlyargs, *every.args, *every.kwonlyargs)]


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@functools.cache
def definitions(file: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """Return the functions of a file by their name and first line, decorators included."""
    tree = ast.parse(Path(file).read_text())
    return {
        (each.name, min([each.lineno, *(d.lineno for d in each.decorator_list)])): each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
    }
