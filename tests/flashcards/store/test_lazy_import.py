"""LanceDB comes without a client that nobody here uses, which is there for who does."""

import subprocess
import sys

from django.test import SimpleTestCase

# In a process of its own: in this one LanceDB is imported already.
_CODE = """
import sys
import django
django.setup()
from flashcards.store.lance import lazy_import
lancedb = lazy_import.lancedb()
assert callable(lancedb.connect)
assert "lance_namespace_urllib3_client.api" not in sys.modules
assert "lance_namespace_urllib3_client.models" in sys.modules
import lance_namespace_urllib3_client as client
assert client.__path__, "It is a package before it is run."
assert not hasattr(client, "__no_such_thing__")
assert "lance_namespace_urllib3_client.api" not in sys.modules
assert client.ApiClient.__name__ == "ApiClient"
from lance_namespace_urllib3_client import TableApi
assert client.TableApi is TableApi
assert not hasattr(client, "NoSuchThing")
assert lazy_import.lancedb() is lancedb
print("all of it")
"""


class LibraryTests(SimpleTestCase):
    def test_the_client_is_loaded_when_somebody_wants_a_name_of_it(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", _CODE], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.stdout.strip(), "all of it", done.stderr)
