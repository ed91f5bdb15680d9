"""The database backend of the embedded server, which starts it at a process's first connection.

`check`, `help` and `collectstatic` start no server, and commands that need the database need not be
listed anywhere. The processes of one data folder share the server and leave it at exit.
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
        """Return the connection parameters. Starts the server the first time in a process."""
        use_server()
        return super().get_connection_params()


@functools.cache
def use_server() -> None:
    """Keep the server running until this process ends. Raises PostgresError."""
    server = settings.EMBEDDED_POSTGRES
    if server is not None:
        server.start()
        atexit.register(_leave_server, server)


def _leave_server(server: EmbeddedPostgres) -> None:
    # First, as the server would cut off the idle connections of the pool.
    wrapper = connections["default"]
    if isinstance(wrapper, DatabaseWrapper):
        wrapper.close_pool()
    server.stop()
