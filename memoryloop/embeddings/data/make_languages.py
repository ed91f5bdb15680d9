"""The program that made minilm-languages.npy: what MiniLM says of a text's language.

    .venv/bin/python -m memoryloop.embeddings.data.make_languages

MiniLM was trained on English. Texts of another language lie near one another for it, whatever they
mean. The directions in which texts of five other languages have most in common are taken out of
its vectors; English ones keep nearly all of theirs.
"""

import json
from pathlib import Path

import numpy as np

from memoryloop.embeddings.minilm import MiniLM

HERE = Path(__file__).parent
TEXTS = HERE.parents[2] / "tests" / "benchmarks" / "data" / "embedding_pairs.jsonl"
# Measured with 0, 4, 8, 16, 32 and 64: see docs/decisions/0004-embedding-model.md.
DIRECTIONS = 8


def main() -> None:
    rows = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    texts = [
        row[side] for side in ("question", "passage") for row in rows if row["language"] != "en"
    ]
    *_, directions = np.linalg.svd(MiniLM().embed(texts), full_matrices=False)
    np.save(HERE / "minilm-languages.npy", directions[:DIRECTIONS].astype(np.float32))


if __name__ == "__main__":
    main()
