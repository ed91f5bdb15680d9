"""Run the whole application: database, web server and background worker, in one command."""

import contextlib
import fcntl
import os
import platform
import signal
import threading
import webbrowser
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from memoryloop import environment
from memoryloop.postgres import server, unreachable
from memoryloop.server import serving


class Command(BaseCommand):
    help = (
        "Run MemoryLoop: PostgreSQL (unless DATABASE_URL names one), web server and worker. "
        "See docs/hosting.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=environment.text("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=environment.integer("PORT", 8000))
        parser.add_argument(
            "--open-browser", action="store_true", help="show MemoryLoop in the browser"
        )

    def handle(
        self, *_args: Any, host: str, port: int, open_browser: bool, **_options: Any
    ) -> None:
        # Uvicorn takes the signals while it runs and hands them on to these when it has ended.
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, _leave)
        # Begun with nohup, it stays when the terminal goes.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _hang_up)
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(serving.listen(host, port))
            if settings.EMBEDDED_POSTGRES is not None:
                stack.enter_context(settings.EMBEDDED_POSTGRES.running())
            elif problem := unreachable.check():
                raise CommandError(problem)
            with _one_at_a_time():
                call_command("upgrade", "--quiet", stdout=self.stdout, stderr=self.stderr)
                serving.collect_static_files()
            stack.enter_context(serving.Worker().running())
            ready = threading.Event()
            greeter = threading.Thread(
                target=self._greet,
                args=(ready, host, listener.getsockname()[1], open_browser),
                daemon=True,
            )
            greeter.start()
            serving.WebServer("memoryloop.asgi:application", ready).run(sockets=[listener])

    def _greet(self, ready: threading.Event, host: str, port: int, open_browser: bool) -> None:
        """Say where MemoryLoop is and what to do next, once it answers."""
        ready.wait()
        name = "localhost" if host in {"127.0.0.1", "::1", "0.0.0.0", "::"} else host  # noqa: S104
        address = f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
        self.stdout.write(
            f"\nMemoryLoop is ready: {self.style.SUCCESS(address)}\n\n"
            f"  Sign up     {address}accounts/sign-up/\n"
            "  Tutor       save a Claude key under Settings, or run Ollama on this machine;\n"
            "              without either, MemoryLoop looks in what you have and drafts by rules\n"
            f"  Your data   {settings.DATA_DIR}\n"
            "  Stop        Ctrl+C\n"
        )
        self.stdout.flush()
        if open_browser and _has_screen():
            webbrowser.open(address)


def _has_screen() -> bool:
    """Tell whether a browser can show a window: without, one for the terminal might take it."""
    if platform.system() == "Linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return "SSH_CONNECTION" not in os.environ


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


def _hang_up(*_: object) -> None:
    # Uvicorn knows no SIGHUP: an exit raised within its loop would end it untidily.
    signal.raise_signal(signal.SIGTERM)


@contextlib.contextmanager
def _one_at_a_time() -> Any:
    """Let only one process of this data folder prepare it at a time."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with server.lock_file(settings.DATA_DIR / "serve.lock") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
