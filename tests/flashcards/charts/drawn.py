"""What is in a drawing, read back from its SVG."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SHAPES = {"rect", "circle", "path"}


@dataclass(frozen=True)
class Item:
    """What one can point at or move to: its words, where it leads to, and what is drawn for it."""

    title: str
    url: str
    tabindex: str
    shapes: tuple[dict[str, str], ...]

    def heights(self) -> list[float]:
        """Return how high its columns are, from the foot up."""
        return [float(each["height"]) for each in self.shapes if "height" in each]


@dataclass(frozen=True)
class Drawn:
    root: Element
    items: tuple[Item, ...]
    labels: tuple[str, ...]


def read(drawing: str) -> Drawn:
    """Return what is in a drawing, which has to be well-formed and without style or script."""
    root = ElementTree.fromstring(drawing)
    for element in root.iter():
        assert not {"style", "fill", "stroke"} & set(element.keys())
        assert not [name for name in element.attrib if name.startswith("on")]
        assert name_of(element) not in ("script", "style", "foreignObject")
    items = [_item(each) for each in root.iter() if "chart-item" in each.get("class", "")]
    texts = [each for each in root.iter() if name_of(each) == "text"]
    return Drawn(root, tuple(items), tuple(each.text or "" for each in texts))


def name_of(element: Element) -> str:
    return re.sub(r"\{.*\}", "", element.tag)


def _item(element: Element) -> Item:
    title = next(each.text or "" for each in element if name_of(each) == "title")
    shapes = [dict(each.items()) for each in element if name_of(each) in SHAPES]
    seen = tuple(each for each in shapes if each.get("class") != "chart-hit")
    return Item(title, element.get("href", ""), element.get("tabindex", ""), seen)
