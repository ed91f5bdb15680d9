"""The program's own imports, read from its source: which module imports which.

Run as a script it prints what the tests count: `python -m tests.architecture.imports`.
"""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("memoryloop", "accounts", "chat", "flashcards")

Imports = Mapping[str, frozenset[str]]


def modules() -> dict[str, Path]:
    """Return the file of each module, by the module's dotted name; migrations left out."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


def read_imports() -> dict[str, frozenset[str]]:
    """Return what each module imports of the program's own modules, also within functions."""
    known = modules()
    return {name: frozenset(_imported(name, path, known)) for name, path in known.items()}


def circles(imports: Imports) -> list[list[str]]:
    """Return the groups of modules that import one another in a circle.

    A package's `__init__` that hands on names of its own modules is no part of a circle: they do
    not import it. Tarjan's strongly connected components.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in imports[name]:
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            group: list[str] = []
            while not group or group[-1] != name:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for name in imports:
        if name not in order:
            visit(name)
    return found


def floors() -> list[list[str]]:
    """Return the floors that pyproject.toml declares, roof first, each with its rooms."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    kinds = (each for each in contracts if each["type"] == "layers" and "containers" not in each)
    (layers,) = (each["layers"] for each in kinds)
    return [[room.strip() for room in layer.replace("|", ":").split(":")] for layer in layers]


def floor_of(name: str, declared: Iterable[Iterable[str]]) -> int | None:
    """Return the number of a module's floor, the roof's being 0; None where none is declared.

    Of several rooms that hold the module, the innermost counts.
    """
    rooms = {room: number for number, floor in enumerate(declared) for room in floor}
    while name and name not in rooms:
        name = name.rpartition(".")[0]
    return rooms.get(name)


def upward(imports: Imports) -> list[tuple[str, str]]:
    """Return the imports from a lower floor to a higher one."""
    declared = floors()
    return [
        (name, other)
        for name, others in imports.items()
        for other in sorted(others)
        if (floor_of(name, declared) or 0) > (floor_of(other, declared) or 0)
    ]


def _imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = full if full in known else node.module
                if target in known and target != name:
                    yield target
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in known and a.name != name)


def main() -> None:
    imports = read_imports()
    rooms = defaultdict(set)
    for name, others in imports.items():
        for other in others:
            pair = _room(name), _room(other)
            if pair[0] != pair[1]:
                rooms[pair[0]].add(pair[1])
    out = sys.stdout.write
    out(f"{len(imports)} modules in {len({_room(name) for name in imports})} rooms, ")
    out(f"{sum(map(len, imports.values()))} imports, ")
    out(f"{sum(map(len, rooms.values()))} between rooms\n")
    for group in circles(imports):
        out(f"circle: {', '.join(group)}\n")
    for name, other in upward(imports):
        out(f"upward: {name} -> {other}\n")


def _room(name: str) -> str:
    return ".".join(name.split(".")[:2])


if __name__ == "__main__":
    main()
