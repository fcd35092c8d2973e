"""`manage.py web`: the web server, on TCP and on a Unix socket at once."""

import socket
import sys
from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Serve pages, the API and sockets on STUDIO_HOST:STUDIO_PORT and on a Unix socket."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sockets",
            default="",
            help="numbers of listening sockets that `up` hands over; without, it makes its own",
        )

    def handle(self, *args: Any, sockets: str, **options: Any) -> None:
        # A socket's loop does not wait behind each of many busy requests for 5 ms.
        sys.setswitchinterval(0.001)
        given = [socket.socket(fileno=int(fd)) for fd in sockets.split(",") if fd]
        server = uvicorn.Server(
            uvicorn.Config(
                settings.ASGI_APPLICATION.replace(".application", ":application"),
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                # Deltas are small and many: each socket would compress each one for itself.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=2,
            )
        )
        server.run(given or [_on_port(), _on_path()])


def _on_port() -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.HOST, settings.PORT))
    return listener


def _on_path() -> socket.socket:
    settings.SOCKETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.WEB_SOCKET.parent.mkdir(exist_ok=True)
    settings.WEB_SOCKET.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(settings.WEB_SOCKET))
    settings.WEB_SOCKET.parent.chmod(0o755)  # as in `up`
    settings.WEB_SOCKET.chmod(0o666)
    return listener
