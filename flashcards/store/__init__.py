"""The card store: cards and review logs, and what the rest of the program asks of them.

Nothing outside this package knows which engine is under it: `protocol` says what an engine does,
and `engines` which one serves. It is built of floors, of which a lower one imports no higher one,
roof first:

    switch/                     the switch from one engine to the other
    engine_choice               which engine a new installation gets
    engines                     which engine serves
    direct_tables               LanceDB written without a journal, for the benchmark
    lance_engine                what the protocol asks, by the modules that do it
    postgres_engine             the same, where the cards are in PostgreSQL alone
    postgres/                   PostgreSQL: its rows, read, written, searched and looked after
    maintenance/                LanceDB: checkpoints, indexes, upgrades, backup files
    lance_view                  LanceDB: one learner's cards at one moment, and how they are written
    owner_view                  one learner's cards at one moment
    owner_arrays                all of one learner's cards and answers
    due/                        what is due, in order, in memory
    quarter_totals              answers by the quarter of an hour, in PostgreSQL
    cache/                      all of a learner's cards and answers as arrays, in memory
    search/                     LanceDB: search by words and by meaning
    repository/                 LanceDB: queries over its rows and the journal's images
    queries/                    queries that read as Django's do
    journal/                    LanceDB: changes that it does not have yet, in PostgreSQL
    lance/                      LanceDB: its tables, and conditions in its SQL
    pending                     what an engine's tables hold, and what they do not have yet
    owner_lock                  the lock of whoever writes cards of an owner
    recorded_vectors            which sets of vectors there are, in PostgreSQL
    rows/                       records as rows: schema, codec, conditions, keys of words
    asked                       what a search is asked for
    protocol/, values, errors   what engines have in common
    failpoints                  steps at which a test has a process die
"""

from typing import cast

from flashcards.store.direct_tables import DirectTables
from flashcards.store.engine_choice import find as find_engine
from flashcards.store.engine_choice import refusal as refuse_engine
from flashcards.store.engine_choice import settle as settle_engine
from flashcards.store.engines import Chosen, named
from flashcards.store.engines import forget as forget_engine
from flashcards.store.errors import (
    EngineChanged,
    OtherSchema,
    OtherStore,
    OwnerGone,
    StoreError,
    TablesChanged,
    UnknownLookup,
)
from flashcards.store.protocol.engine import CardStore
from flashcards.store.protocol.handles import Snapshot, Upgrade, WordSearch
from flashcards.store.protocol.owners import Answers, CardColumns, OwnerView
from flashcards.store.protocol.queries import Manager, Query
from flashcards.store.rows.schema import SCHEMA_VERSION
from flashcards.store.values import (
    FARTHEST,
    KEEP_VERSIONS,
    AnswerTotals,
    Change,
    Checkpoint,
    Curve,
    DueQueue,
    Mask,
    Numbers,
    OptimizedTable,
    QueueSettings,
    ReviewSummary,
    StoreStatus,
    TableStatus,
    Vector,
    VectorSet,
    VectorSets,
    WordMatches,
)

# Whichever serves when it is asked.
engine: CardStore = cast("CardStore", Chosen())

answer_totals = engine.answer_totals
answers = engine.answers
begin_vectors = engine.begin_vectors
bytes_on_disk = engine.bytes_on_disk
cards = engine.cards
check_readable = engine.check_readable
claim = engine.claim
checkpoint = engine.checkpoint
checkpoint_all = engine.checkpoint_all
clear_cache = engine.clear_cache
columns = engine.columns
count_pending = engine.count_pending
count_files = engine.count_files
count_rows = engine.count_rows
drop_duplicates = engine.drop_duplicates
drop_retired_vectors = engine.drop_retired_vectors
erase_cards = engine.erase_cards
erase_owner = engine.erase_owner
find_differing_images = engine.find_differing_images
find_index_faults = engine.find_index_faults
find_missing_rows = engine.find_missing_rows
find_residue = engine.find_residue
finish_vectors = engine.finish_vectors
give_up_vectors = engine.give_up_vectors
lock_owner = engine.lock_owner
mend_totals = engine.mend_totals
older_snapshot = engine.older_snapshot
nearest_cards = engine.nearest_cards
needed_upgrades = engine.needed_upgrades
optimize = engine.optimize
optimize_fully = engine.optimize_fully
optimize_if_due = engine.optimize_if_due
owners_to_embed = engine.owners_to_embed
preload = engine.preload
read_vector_sets = engine.read_vector_sets
recover = engine.recover
remembered_view = engine.remembered_view
restore_files = engine.restore_files
review_days = engine.review_days
review_logs = engine.review_logs
review_totals = engine.review_totals
search_meaning = engine.search_meaning
search_words = engine.search_words
settle_batches = engine.settle_batches
snapshot = engine.snapshot
status = engine.status
unchanged_on_error = engine.unchanged_on_error
upgrade = engine.upgrade
vectors = engine.vectors
view = engine.view
write = engine.write
write_many = engine.write_many

__all__ = [
    "FARTHEST",
    "KEEP_VERSIONS",
    "SCHEMA_VERSION",
    "AnswerTotals",
    "Answers",
    "CardColumns",
    "CardStore",
    "Change",
    "Checkpoint",
    "Curve",
    "DirectTables",
    "DueQueue",
    "EngineChanged",
    "Manager",
    "Mask",
    "Numbers",
    "OptimizedTable",
    "OtherSchema",
    "OtherStore",
    "OwnerGone",
    "OwnerView",
    "Query",
    "QueueSettings",
    "ReviewSummary",
    "Snapshot",
    "StoreError",
    "StoreStatus",
    "TableStatus",
    "TablesChanged",
    "UnknownLookup",
    "Upgrade",
    "Vector",
    "VectorSet",
    "VectorSets",
    "WordMatches",
    "WordSearch",
    "answer_totals",
    "answers",
    "begin_vectors",
    "bytes_on_disk",
    "cards",
    "check_readable",
    "checkpoint",
    "checkpoint_all",
    "claim",
    "clear_cache",
    "columns",
    "count_files",
    "count_pending",
    "count_rows",
    "drop_duplicates",
    "drop_retired_vectors",
    "engine",
    "erase_cards",
    "erase_owner",
    "find_differing_images",
    "find_engine",
    "find_index_faults",
    "find_missing_rows",
    "find_residue",
    "finish_vectors",
    "forget_engine",
    "give_up_vectors",
    "lock_owner",
    "mend_totals",
    "named",
    "nearest_cards",
    "needed_upgrades",
    "older_snapshot",
    "optimize",
    "optimize_fully",
    "optimize_if_due",
    "owners_to_embed",
    "preload",
    "read_vector_sets",
    "recover",
    "refuse_engine",
    "remembered_view",
    "restore_files",
    "review_days",
    "review_logs",
    "review_totals",
    "search_meaning",
    "search_words",
    "settle_batches",
    "settle_engine",
    "snapshot",
    "status",
    "unchanged_on_error",
    "upgrade",
    "vectors",
    "view",
    "write",
    "write_many",
]
