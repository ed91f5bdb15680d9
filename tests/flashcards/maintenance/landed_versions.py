"""Data that earlier versions wrote: the demo learner of each, as its own `backup` kept it."""

import json
import subprocess
from pathlib import Path

import lancedb
import psycopg
import pyarrow as pa

from memoryloop.postgres.server import binaries
from tests.flashcards.store.installations import Installation

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "versions"
VERSIONS = tuple(sorted(path.name for path in FOLDER.iterdir()))


def put(version: str, installation: Installation) -> None:
    """Give an empty installation both stores as the version had them, without upgrading either."""
    source = FOLDER / version
    # Of a choice of engine they knew nothing.
    installation.environment.pop("CARD_STORE", None)
    url = installation.environment["DATABASE_URL"]
    subprocess.run(
        [
            *(binaries() / "pg_restore", "--no-owner", "--no-privileges", "--no-comments"),
            *("--exit-on-error", f"--dbname={url}", source / "postgresql.dump"),
        ],
        check=True,
    )
    stores = lancedb.connect(installation.environment["LANCEDB_URI"])
    versions = {}
    for name in ("flashcards", "review_logs"):
        with pa.memory_map(str(source / f"{name}.arrow")) as file, pa.ipc.open_file(file) as reader:
            rows = reader.read_all()
        table = stores.create_table(
            name,
            rows,
            on_bad_vectors="null",
            storage_options={"new_table_enable_stable_row_ids": "true"},
        )
        versions[name] = table.version
    with psycopg.connect(url) as database:
        changed = ", ".join(f"{name} = {number:d}" for name, number in versions.items())
        database.execute(f"UPDATE flashcards_storeversions SET {changed}")
        columns = database.execute("SELECT * FROM flashcards_storeversions").description or ()
        if "store_id" in [column.name for column in columns]:
            row = database.execute("SELECT store_id FROM flashcards_storeversions").fetchone()
            stores.create_table("store", pa.table({"id": [str(row[0]) if row else ""]}))


def counts(version: str) -> dict[str, int]:
    """Return what the version's manifest counts."""
    manifest = json.loads((FOLDER / version / "manifest.json").read_text())
    return {**manifest["counts"], "schema": manifest["schema"]}
