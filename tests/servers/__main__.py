"""Run a provider on loopback to try the app by hand.

python -m tests.servers claude --port 9100   then ANTHROPIC_BASE_URL=http://127.0.0.1:9100
python -m tests.servers ollama --port 11434  is found without any setting
"""

import argparse
import sys
import threading

from tests.servers.claude import ClaudeServer
from tests.servers.compatible import OpenAIServer
from tests.servers.core import ProviderServer

_USE = {
    "claude": "ANTHROPIC_BASE_URL={url}; any key that begins with sk-ant- works, unless it ends in "
    "“refused”",
    "ollama": "OLLAMA_URL={root}",
    "openai": "OPENAI_BASE_URL={url}",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers")
    parser.add_argument("provider", choices=sorted(_USE))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds between two pieces")
    options = parser.parse_args()
    server: ProviderServer
    if options.provider == "claude":
        server = ClaudeServer(options.port, delay_seconds=options.delay)
    else:
        ollama = options.provider == "ollama"
        server = OpenAIServer(options.port, ollama=ollama, delay_seconds=options.delay)
    with server:
        use = _USE[options.provider].format(url=server.url, root=server.root)
        sys.stdout.write(f"{server.url} is up: {use}. Ctrl-C stops it.\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
