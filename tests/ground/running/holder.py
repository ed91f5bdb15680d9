"""Use the embedded server of a folder until standard input ends: a host for the tests to kill."""

import sys
from pathlib import Path

from memoryloop.postgres import EmbeddedPostgres, PostgresError


def main() -> None:
    try:
        with EmbeddedPostgres(Path(sys.argv[1])).running():
            sys.stdout.write("up\n")
            sys.stdout.flush()
            sys.stdin.read()
    except PostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
