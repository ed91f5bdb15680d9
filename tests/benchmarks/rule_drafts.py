"""Show what the rules draft from texts, and how much of it is right, as a person judged it.

    .venv/bin/python -m tests.benchmarks.rule_drafts [--set blind|fresh]   # drafts and shares
    .venv/bin/python -m tests.benchmarks.rule_drafts --judge weak 3 17-19  # judge some of them

The texts are data/draft_texts.jsonl, or those of a set by somebody else; the verdicts are kept
in data/rule_drafts_judged.jsonl. A draft is

- right, if it is true by the text, stands alone, has one clear answer and is good grammar;
- weak, if it is true, but vague, clumsy, trivial or ambiguous;
- wrong, if it is false or ungrammatical, or its answer does not fit.

A verdict is of the very words: a draft that changed is to be judged anew, and is listed as such.
The numbers are those of one run. Gaps that are offered and not chosen count apart.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flashcards.drafting import rules
from flashcards.drafting.candidates import Candidate, Check
from memoryloop.words import count_words
from tests.benchmarks.texts import DATA, SETS, read_rows

JUDGED = "rule_drafts_judged"
VERDICTS = ("right", "weak", "wrong")


class Drafted(NamedTuple):
    language: str
    title: str
    card: Candidate

    @property
    def key(self) -> tuple[str, str, str]:
        return self.title, self.card.question, self.card.answer

    @property
    def is_chosen(self) -> bool:
        return self.card.check is Check.NONE


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--set", choices=SETS, default="own")
    parser.add_argument("--judge", nargs="+", metavar=("VERDICT", "NUMBER"))
    options = parser.parse_args()
    texts = read_rows("draft_texts", options.set)
    drafted = [
        Drafted(text["language"], text["title"], card)
        for text in texts
        for card in rules.draft(text["text"])
    ]
    if options.judge:
        verdict, *numbers = options.judge
        if verdict not in VERDICTS:
            parser.error(f"a verdict is one of {', '.join(VERDICTS)}")
        _judge(verdict, [drafted[number - 1] for number in _numbers(numbers)])
    verdicts = {(line["text"], line["question"], line["answer"]): line["verdict"]
                for line in read_rows(JUDGED)}  # fmt: skip
    _print_drafts(drafted, verdicts)
    _print_shares(texts, drafted, verdicts)
    return 0


def _numbers(given: Iterable[str]) -> Iterator[int]:
    for each in given:
        first, _, last = each.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _judge(verdict: str, drafted: list[Drafted]) -> None:
    new = {each.key for each in drafted}
    kept = [line for line in read_rows(JUDGED)
            if (line["text"], line["question"], line["answer"]) not in new]  # fmt: skip
    for title, question, answer in sorted(new):
        kept.append({"text": title, "question": question, "answer": answer, "verdict": verdict})
    kept.sort(key=lambda line: (line["text"], line["question"]))
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in kept]
    (DATA / f"{JUDGED}.jsonl").write_text("".join(lines), encoding="utf-8")


def _print_drafts(drafted: list[Drafted], verdicts: dict[tuple[str, str, str], str]) -> None:
    title = ""
    for number, each in enumerate(drafted, 1):
        if each.title != title:
            title = each.title
            _say(f"\n{each.language}  {title}")
        verdict = verdicts.get(each.key, "?")
        mark = "" if each.is_chosen else "(offered) "
        _say(f"{number:4} {verdict:5}  {mark}{each.card.question}  |  {each.card.answer}")


def _print_shares(
    texts: list[dict[str, str]],
    drafted: list[Drafted],
    verdicts: dict[tuple[str, str, str], str],
) -> None:
    _say(f"\n{'':14}{'drafts':>8}{'right':>8}{'weak':>8}{'wrong':>8}{'not judged':>12}")
    languages = sorted({each.language for each in drafted})
    rows = [(language, [e for e in drafted if e.language == language and e.is_chosen])
            for language in languages]  # fmt: skip
    rows.append(("chosen", [each for each in drafted if each.is_chosen]))
    rows.append(("offered gaps", [each for each in drafted if not each.is_chosen]))
    rows.append(("all", drafted))
    for name, some in rows:
        counts = Counter(verdicts.get(each.key, "") for each in some)
        judged = sum(counts[verdict] for verdict in VERDICTS) or 1
        shares = "".join(f"{counts[verdict] / judged:8.1%}" for verdict in VERDICTS)
        _say(f"{name:14}{len(some):8}{shares}{counts['']:12}")
    words = sum(count_words(text["text"]) for text in texts)
    chosen = Counter(each.title for each in drafted if each.is_chosen)
    fewest = min(chosen[text["title"]] / count_words(text["text"]) * 200 for text in texts)
    _say(f"\n{chosen.total() / words * 200:.1f} chosen for 200 words, "
         f"{fewest:.1f} in the text that gives the fewest")  # fmt: skip


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
