"""Check the stylesheets: `python -m tests.lint_css`, as `make lint` does.

Every rule parses, holds something, and sets no property twice but for a fallback just before it.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tinycss2

FOLDER = Path(__file__).parents[1] / "static" / "css"
# At-rules whose block holds rules, and those whose block holds declarations.
_OF_RULES = {"media", "supports", "layer", "container", "keyframes", "starting-style"}
_OF_DECLARATIONS = {"font-face", "page", "property"}


def faults(css: str) -> list[tuple[int, str]]:
    """Return what is wrong with a stylesheet: the line, and a sentence."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return sorted(_in_rules(rules))


def _in_rules(rules: Sequence[Any]) -> Iterator[tuple[int, str]]:
    for rule in rules:
        if rule.type == "error":
            yield rule.source_line, f"This cannot be read: {rule.message}."
        elif rule.type == "at-rule" and rule.content is not None:
            if rule.lower_at_keyword in _OF_RULES:
                inner = tinycss2.parse_rule_list(
                    rule.content, skip_comments=True, skip_whitespace=True
                )
                yield from _in_rules(inner)
            elif rule.lower_at_keyword in _OF_DECLARATIONS:
                yield from _in_block(rule)
            else:
                yield rule.source_line, f"No such rule: @{rule.at_keyword}."
        elif rule.type == "qualified-rule":
            yield from _in_block(rule)


def _in_block(rule: Any) -> Iterator[tuple[int, str]]:
    content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    if not content:
        yield rule.source_line, "This rule is empty."
    before: list[str] = []
    for item in content:
        if item.type == "error":
            yield item.source_line, f"This cannot be read: {item.message}."
        elif item.type == "declaration":
            # The same property twice in a row is a value with a fallback for older browsers.
            if item.name in before[:-1]:
                yield item.source_line, f"{item.name} is set twice."
            before.append(item.name)
        elif item.type in ("qualified-rule", "at-rule"):
            yield from _in_rules([item])


def main() -> None:
    found = [
        f"{path.relative_to(FOLDER.parents[1])}:{line}: {sentence}"
        for path in sorted(FOLDER.glob("*.css"))
        for line, sentence in faults(path.read_text())
    ]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
