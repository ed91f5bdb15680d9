"""The card store's protocol: what the rest of the program asks of an engine.

An engine keeps two tables, cards and review logs. LanceDB is one: changes are committed to a
journal in PostgreSQL, and a checkpoint moves them into LanceDB's tables. For an engine that writes
straight to its tables a checkpoint has nothing to move, and nothing is ever pending.

Every engine passes tests/flashcards/store/store_contract.py. Times are aware and in UTC, except in
arrays, which say so. Whatever reads may raise StoreError.
"""
