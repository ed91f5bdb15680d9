"""ORM models of the flashcards app. Cards and review logs are not here but in the store."""

from flashcards.models.admin_rows import StoredFlashcard, StoredReviewLog
from flashcards.models.backlog import BacklogPlan
from flashcards.models.backups import BackupStatus
from flashcards.models.bulk import BulkChange, BulkPart, RemovedDecks
from flashcards.models.card_tables import CardRow, CardVector, ReviewRow
from flashcards.models.card_words import CardKeys, KnownWord
from flashcards.models.coverage import CoverageAnswer
from flashcards.models.decks import Deck
from flashcards.models.documents import Document
from flashcards.models.drafts import Draft, DraftBatch
from flashcards.models.exchange import CardExport, CardImport, ImportPart, NoteOrigin
from flashcards.models.fits import AutomaticFit, ParameterFit
from flashcards.models.goals import Goal
from flashcards.models.history import CardEdit, DuplicateSearch, NotDuplicates
from flashcards.models.journal import JournalEntry, MovedEntry, StoredOwner, StoreVersions
from flashcards.models.maps import CardMap
from flashcards.models.media_files import MediaFile
from flashcards.models.plan import PlanSimulation
from flashcards.models.reports import WeeklyReport
from flashcards.models.sessions import ReviewAction, ReviewSession
from flashcards.models.study import StudySettings
from flashcards.models.switches import StoreSwitch, UnplacedReview
from flashcards.models.totals import ReviewTotals

__all__ = [
    "AutomaticFit",
    "BacklogPlan",
    "BackupStatus",
    "BulkChange",
    "BulkPart",
    "CardEdit",
    "CardExport",
    "CardImport",
    "CardKeys",
    "CardMap",
    "CardRow",
    "CardVector",
    "CoverageAnswer",
    "Deck",
    "Document",
    "Draft",
    "DraftBatch",
    "DuplicateSearch",
    "Goal",
    "ImportPart",
    "JournalEntry",
    "KnownWord",
    "MediaFile",
    "MovedEntry",
    "NotDuplicates",
    "NoteOrigin",
    "ParameterFit",
    "PlanSimulation",
    "RemovedDecks",
    "ReviewAction",
    "ReviewRow",
    "ReviewSession",
    "ReviewTotals",
    "StoreSwitch",
    "StoreVersions",
    "StoredFlashcard",
    "StoredOwner",
    "StoredReviewLog",
    "StudySettings",
    "UnplacedReview",
    "WeeklyReport",
]
