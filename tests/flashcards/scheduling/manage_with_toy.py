"""`manage.py` in a process that knows the toy model; the command `cards` prints what is stored.

python -m tests.flashcards.scheduling.manage_with_toy COMMAND …
"""

import os
import sys

import django
from django.core.management import execute_from_command_line


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    # What needs Django's apps to be there.
    from flashcards.scheduling.settings import MODELS
    from flashcards.store import cards
    from flashcards.store.rows import codec
    from tests.flashcards.scheduling.toy_model import Toy

    MODELS[Toy.name] = Toy
    if arguments != ["cards"]:
        execute_from_command_line(["manage.py", *arguments])
        return
    for card in cards.all_owners().with_deleted():
        sys.stdout.write(codec.to_image(card) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
