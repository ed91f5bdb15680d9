"""What LanceDB says in the terminal."""

import os

from django.test import SimpleTestCase

from tests import forks

# An index whose parts are mostly empty: its vectors are all one of two.
_INDEX = """
import tempfile
import django
django.setup()
from flashcards.store.lance import tables
import lancedb, numpy, pyarrow
from lancedb.index import IvfRq
vectors = numpy.repeat(numpy.eye(2, 64, dtype="float32"), 300, axis=0).ravel()
column = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors), 64)
with tempfile.TemporaryDirectory() as folder:
    table = lancedb.connect(folder).create_table("t", pyarrow.table({"v": column}))
    table.create_index("v", config=IvfRq(distance_type="cosine", num_partitions=8))
"""


class LanceLogTests(SimpleTestCase):
    def said(self, **environment: str) -> str:
        kept = {name: value for name, value in os.environ.items() if name != "LANCEDB_LOG"}
        process = forks.start(["-c", _INDEX], {**kept, **environment})
        said = process.communicate(timeout=120)[1]
        self.assertEqual(process.returncode, 0, said)
        return said

    def test_empty_parts_of_an_index_are_not_warned_of_and_other_things_are(self) -> None:
        said = self.said()
        self.assertNotIn("is empty, skipping", said)
        self.assertIn("KMeans", said)
        self.assertIn("is empty, skipping", self.said(LANCEDB_LOG="warn"))
