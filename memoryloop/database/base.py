"""Start the embedded server when a process first wants a connection, and leave it at exit.

So `check`, `help` or `collectstatic` start nothing, and every command that does need the
database finds one, without a list of which those are. Processes of one data folder share it.
"""

import atexit
import functools
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Return what to connect with. Costs a server's start the first time in a process."""
        use_server()
        return super().get_connection_params()


@functools.cache
def use_server() -> None:
    """Have the server running until this process ends. Raises PostgresError."""
    settings.EMBEDDED_POSTGRES.start()
    atexit.register(leave_server)


def leave_server() -> None:
    """Close the connections that wait in the pools, and leave the server."""
    for pool in base.DatabaseWrapper._connection_pools.values():
        pool.close()
    settings.EMBEDDED_POSTGRES.stop()
