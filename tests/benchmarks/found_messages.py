"""Measure what search finds among messages in six languages.

    python -m tests.benchmarks.found_messages [--cards 700] [--misses]

In a database of its own. The messages of data/messages.jsonl, as a learner and a tutor write them,
are searched for by the queries of data/message_queries.jsonl among as many others as said, which
are made from cards. Both were written by hand while the search was built, so that the figures are
those of a set that was looked at. Reports, by kind of query, how often a right message is the
first, and how often it is among the first ten.
"""

import argparse
import sys
from collections import defaultdict
from typing import Any

from tests.benchmarks import filled
from tests.benchmarks.texts import read_rows


def run(options: argparse.Namespace) -> dict[str, Any]:
    from accounts.models import User
    from chat.models import Conversation, Message
    from chat.recall import message_search
    from chat.tasks import embed_missing

    owner = User.objects.create_user("most@example.org")
    texts = {each["id"]: each["text"] for each in read_rows("messages")}
    cards = read_rows("cards")
    for card in cards[:: max(1, len(cards) // options.cards)] if options.cards else []:
        texts[card["id"]] = f"{card['question']} {card['answer']} {card['extra']}".strip()
    ids = {}
    for number, (name, text) in enumerate(texts.items()):
        # Ten to a conversation.
        if number % 10 == 0:
            conversation = Conversation.objects.create(owner=owner, title=f"Talk {number}")
        message = Message.objects.create(
            conversation=conversation, position=number, version=number + 1, role="user",
            content=text,
        )  # fmt: skip
        ids[message.id] = name
    while Message.objects.filter(embedding_model="").exists():
        embed_missing(0)
    found: dict[str, list[int]] = defaultdict(list)
    for query in read_rows("message_queries"):
        result = message_search.search(owner_id=owner.id, text=query["query"])
        names = [ids[hit.message.id] for hit in result.hits]
        places = [names.index(each) for each in query["messages"] if each in names]
        place = min(places, default=99)
        found[query["kind"]].append(place)
        if options.misses and place:
            shown = [
                (ids[hit.message.id], hit.by, texts[ids[hit.message.id]][:40])
                for hit in result.hits[:3]
            ]
            sys.stdout.write(
                f"{query['kind']} {query['query']!r} {query['messages']} {place} {shown}\n"
            )
    found["all"] = [place for each in found.values() for place in each]
    table = {
        kind: {
            "queries": len(places),
            "first": round(sum(place == 0 for place in places) / len(places), 3),
            "first ten": round(sum(place < 10 for place in places) / len(places), 3),
        }
        for kind, places in found.items()
    }
    for kind, row in table.items():
        sys.stdout.write(f"{kind:15} {row}\n")
    return {"benchmark": "found_messages", "found": table}


def main() -> None:
    parser = filled.arguments(__doc__, cards=700)
    parser.add_argument("--misses", action="store_true", help="print what was not the first")
    filled.run(run, parser.parse_args())


if __name__ == "__main__":
    main()
