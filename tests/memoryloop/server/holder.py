"""Use the embedded server of a folder until standard input ends: a host for the tests to kill."""

import signal
import sys
from pathlib import Path

from memoryloop.postgres.server import EmbeddedPostgres, PostgresError


def main() -> None:
    # Tests begun with nohup, or in the background of a script, pass these on as ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with EmbeddedPostgres(Path(sys.argv[1])).running():
            sys.stdout.write("up\n")
            sys.stdout.flush()
            sys.stdin.read()
    except PostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
