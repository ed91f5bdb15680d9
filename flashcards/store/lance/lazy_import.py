"""Import LanceDB without what it imports for others.

It brings a client of a REST service, whose API makes up half of the time that the import takes and
13 MB of each process. Nothing here asks that service anything: the client's package is put in
place as one that runs its own code when somebody wants a name of it.
"""

import functools
import importlib.util
import sys
import threading
from typing import Any

_CLIENT = "lance_namespace_urllib3_client"
_lock = threading.Lock()


@functools.cache
def lancedb() -> Any:
    """Return the module. The first time in a process it takes 0.3 s."""
    with _lock:
        if _CLIENT not in sys.modules:
            _defer(_CLIENT)
        import lancedb

        return lancedb


def _defer(name: str) -> None:
    """Have a package's own code wait; its modules can be imported all the same."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module, loader = importlib.util.module_from_spec(spec), spec.loader

    def wanted(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        del module.__dict__["__getattr__"]
        loader.exec_module(module)
        return getattr(module, attribute)

    module.__dict__["__getattr__"] = wanted
    sys.modules[name] = module
