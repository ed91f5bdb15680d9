"""Start the embedded server when a process first wants a connection, and leave it at exit.

So `check`, `help` or `collectstatic` start nothing, and every command that does need the
database finds one, without a list of which those are. Processes of one data folder share it.
"""

import atexit
import functools
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql import base

from memoryloop.postgres.server import EmbeddedPostgres


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Return what to connect with. Costs a server's start the first time in a process."""
        use_server()
        return super().get_connection_params()


@functools.cache
def use_server() -> None:
    """Have the server running until this process ends. Raises PostgresError."""
    server = settings.EMBEDDED_POSTGRES
    if server is not None:
        server.start()
        atexit.register(_leave_server, server)


def _leave_server(server: EmbeddedPostgres) -> None:
    # Else the connections that wait in the pool would be cut off.
    wrapper = connections["default"]
    if isinstance(wrapper, DatabaseWrapper):
        wrapper.close_pool()
    server.stop()
