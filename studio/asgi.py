"""HTTP and sockets: Django for pages and the API, Channels for /live/, behind the origin check."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path

import runs.sockets
from runs.driver_points import PointsTogether
from studio.files.bodies import BodiesAsTheyCome
from studio.live import LiveConsumer
from studio.threads import KeptThreads

live = LiveConsumer.as_asgi(resolve=runs.sockets.group_for)

application = ProtocolTypeRouter(
    {
        "http": PointsTogether(KeptThreads(BodiesAsTheyCome(django_application))),
        # Cookies know no ports, so the host alone would let another program's page listen in.
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter([path("live/", live)])), settings.OWN_ORIGINS
        ),
    }
)
