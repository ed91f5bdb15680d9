"""The engine that serves is found, also by several threads at once."""

import sys
import tempfile
import threading
import types
from pathlib import Path
from unittest import mock

from django.test import SimpleTestCase

from flashcards import store
from flashcards.store import engines

# An engine that takes a while to import.
ENGINE = """
from engine_under_import import begun, cleared, rest
begun.set()
rest.wait(0.3)
clear_cache = cleared.set
"""


class ImportTests(SimpleTestCase):
    def test_what_is_imported_by_another_thread_just_now_is_waited_for(self) -> None:
        begun, cleared = threading.Event(), threading.Event()
        shared = types.ModuleType("engine_under_import")
        vars(shared).update(begun=begun, cleared=cleared, rest=threading.Event())
        sys.modules[shared.__name__] = shared
        for name in (shared.__name__, "slow_engine"):
            self.addCleanup(sys.modules.pop, name, None)
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(sys, "path", [folder, *sys.path]),
            mock.patch.dict(engines._MODULES, {"slow": "slow_engine"}, clear=True),
        ):
            (Path(folder) / "slow_engine.py").write_text(ENGINE)
            importing = threading.Thread(target=engines.named, args=["slow"])
            importing.start()
            begun.wait()
            store.clear_cache()
            importing.join()
        self.assertTrue(cleared.is_set())
