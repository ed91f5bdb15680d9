"""What a search is asked for, the same for every engine: the words looked for, and the vector."""

from collections.abc import Sequence

from flashcards.store.values import Asked, Vector, VectorSet
from memoryloop import installation
from memoryloop.embeddings import EmbeddingError
from memoryloop.search_words import Term

# A longer search is looked for by these of its words, the longest first.
TERMS_MOST = 12
# Beyond this a word counts as frequent, however many more cards have it.
COUNTED_MOST = 2_000
# Cards that have a word which begins as, or is spelt like, one that no card has.
ALIKE_MOST = 60
# Shorter words are not taken for misspelt, nor longer ones: LanceDB has no room for their
# spellings.
SHORTEST_MISSPELT = 4
LONGEST_MISSPELT = 30


def telling(terms: Sequence[Term]) -> list[Term]:
    """Return the words that say something, those of a long text that say most."""
    found = [term for term in terms if not term.is_common]
    if len(found) <= TERMS_MOST:
        return found
    longest = sorted(found, key=lambda term: -len(term.word))[:TERMS_MOST]
    return [term for term in found if term in longest]


def is_word(term: Term) -> bool:
    """Tell whether this is one word with spaces around it: others may begin as it does.

    Of scripts without spaces any two letters are looked for anyhow.
    """
    return len(term.groups) == 1


def may_be_misspelt(term: Term) -> bool:
    """Tell whether words may be meant that are spelt alike, where no card has this one."""
    fits = SHORTEST_MISSPELT <= len(term.word) <= LONGEST_MISSPELT
    return is_word(term) and fits and not term.word.isdecimal()


def vector(asked: Asked, serving: VectorSet) -> Vector:
    """Return the vector that is asked for, of the serving model.

    Raises EmbeddingError if it is of another width than those that the cards have.
    """
    wanted = asked(serving.model) if callable(asked) else asked
    if wanted.shape != (serving.dimensions,):
        raise EmbeddingError(
            f"The embedding model {serving.model} makes vectors of another width than those that "
            f"the cards have: run `{installation.command('reembed --all')}`."
        )
    return wanted
