"""The managers of the LanceDB engine."""

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.queries.manager import RecordManager
from flashcards.store.repository.query import LanceQuery
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS

cards = RecordManager[Flashcard](FLASHCARDS, LanceQuery)
review_logs = RecordManager[ReviewLog](REVIEW_LOGS, LanceQuery)
