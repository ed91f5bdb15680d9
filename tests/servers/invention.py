"""What the servers say when nobody scripted it: a believable answer, plausible cards."""

import json
import re
from dataclasses import dataclass
from typing import Any

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"À-ÞА-Я])")
_VERB = re.compile(
    r"\b(is|are|was|were|has|have|had|can|may|must|will|does|do|did|means|contains|consists"
    r"|begins|ends|causes|carries|forms|makes|takes|gives|shows|became|becomes|[a-z]+ed)\b"
)
_BLOCK = re.compile(r"<(\w+)[^>]*>\n?(.*?)\n?</\1>", re.DOTALL)
_FENCE = re.compile(r'(?:"""|```|~~~)\w*\n(.*?)\n(?:"""|```|~~~)', re.DOTALL)
_SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
WORDS_PER_CARD = 85


def answer(question: str) -> str:
    """Return several paragraphs of Markdown on a question, with code, a table and a formula."""
    topic = " ".join(question.split())[:80].rstrip("?.!") or "this"
    return f"""You asked about **{topic}**. Here is the short version first, then the reasons.

Memory weakens with time, but each successful recall makes the next loss slower. A review that
comes just before you would forget strengthens a memory most, which is why the intervals between
reviews grow: a day, four days, two weeks, a month.

## How fast it fades

Retrievability after $t$ days falls along a power curve that depends on the stability $S$:

$$R(t, S) = \\left(1 + \\frac{{19}}{{81}} \\cdot \\frac{{t}}{{S}}\\right)^{{-0.5}}$$

Stability is defined as the number of days after which recall has dropped to 90%. Difficulty says
how much a review adds to it.

| Review | Interval | Chance of recall before it |
|-------:|---------:|---------------------------:|
| 1 | 1 day | 94% |
| 2 | 4 days | 91% |
| 3 | 14 days | 90% |

In code the curve is a single line:

```python
def retrievability(days: float, stability: float) -> float:
    return (1 + 19 / 81 * days / stability) ** -0.5
```

Three things help more than rereading:

1. Ask yourself the question before you look at the answer.
2. Keep each card to one idea, so that a failure tells you what is missing.
3. Come back tomorrow, even for five minutes.

Hermann Ebbinghaus measured the forgetting curve in 1885 with nonsense syllables that he learned
himself. Later studies found the same shape for words, faces and skills.
"""


@dataclass
class _Maker:
    sentences: list[str]
    count: int
    html: bool
    index: int = 0

    def make(self, schema: dict[str, Any], name: str = "") -> Any:
        for choices in ("anyOf", "oneOf", "allOf"):
            if choices in schema:
                options = [item for item in schema[choices] if item.get("type") != "null"]
                return self.make(options[0], name) if options else None
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return "basic" if "basic" in schema["enum"] else schema["enum"][0]
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            properties = schema.get("properties", {})
            return {key: self.make(value, key) for key, value in properties.items()}
        if kind == "array":
            return self._list(schema, name)
        if kind == "string":
            return self._string(name)
        return {"integer": 1, "number": 0.5, "boolean": True}.get(str(kind))

    def _list(self, schema: dict[str, Any], name: str) -> list[Any]:
        items = schema.get("items", {})
        if items.get("type") == "string":
            return []
        made = []
        for index in range(self.count):
            self.index = index
            made.append(self.make(items, name))
        return made

    def _string(self, name: str) -> str:
        if not self.sentences:
            return ""
        sentence = self.sentences[self.index % len(self.sentences)]
        turn = self.index // len(self.sentences)
        mark = f" {_SCRIPT}" if self.html else ""
        if name in {"question", "front", "prompt"}:
            return question_about(sentence) + (f" ({turn + 1})" if turn else "") + mark
        if name in {"answer", "back"}:
            return sentence + mark
        if name in {"quote", "source", "excerpt", "text", "evidence", "span"}:
            return sentence
        if name in {"title", "topic", "summary", "reason"}:
            return " ".join(sentence.split()[:6]).rstrip(".,;:")
        return ""


def question_about(sentence: str) -> str:
    """Turn a sentence into a question that it answers, as well as a rule of thumb can."""
    verb = _VERB.search(sentence)
    subject = sentence[: verb.start()].strip(" ,;:") if verb else ""
    pointing = {"There", "It", "This", "These", "Those", "He", "She", "They", "That"}
    copula = verb is not None and verb.group(1) in {"is", "are", "was", "were"}
    if verb and copula and 1 <= len(subject.split()) <= 8 and subject not in pointing:
        if not subject.split()[0].isupper() and subject.split()[0] in {"The", "A", "An", "It"}:
            subject = subject[0].lower() + subject[1:]
        return f"What {verb.group(1)} {subject}?"
    start = " ".join(sentence.split()[:7]).rstrip(".,;:")
    return f"How does this continue: “{start} …”?"


def source_of(prompt: str) -> str:
    """Return the text that a prompt is about: in tags, in a fence, or the prompt as a whole."""
    marked = [match.group(2) for match in _BLOCK.finditer(prompt)]
    marked = marked or [match.group(1) for match in _FENCE.finditer(prompt)]
    return max(marked, key=len) if marked else prompt


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text that a card can quote word for word."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[#>|*-])", text):
        if paragraph.lstrip().startswith(("#", "|", "```", "    ", "$$")):
            continue
        found += [sentence.strip() for sentence in _SENTENCE.split(paragraph.strip())]
    good = [sentence for sentence in found if 25 <= len(sentence) <= 400]
    return good or [text.strip()[:300]]


def invent(schema: dict[str, Any], prompt: str, *, count: int | None, html: bool) -> Any:
    """Return an object of the schema, made of sentences of the text in the prompt."""
    source = source_of(prompt)
    sentences = sentences_of(source)
    if count is None:
        count = min(max(1, len(source.split()) // WORDS_PER_CARD), 50)
        # Spread over the text rather than its first lines.
        step = max(1, len(sentences) // count)
        sentences = sentences[::step]
        count = min(count, len(sentences))
    return _Maker(sentences, count, html).make(_resolved(schema, schema))


def schema_in(text: str) -> dict[str, Any] | None:
    """Return the JSON Schema that instructions hold, for models that are told it in words."""
    start = text.find('{"')
    while start >= 0:
        try:
            value, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            value = None
        if isinstance(value, dict) and ("properties" in value or "$defs" in value):
            return value
        start = text.find('{"', start + 1)
    return None


def _resolved(node: Any, root: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return _resolved(root["$defs"][name], root)
    return {key: _resolved(value, root) for key, value in node.items() if key != "$defs"}
