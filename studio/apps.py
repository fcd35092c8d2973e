from importlib import import_module

from django.apps import AppConfig


class GroundApp(AppConfig):
    name = "studio"

    def ready(self) -> None:
        # Importing registers how callers sign in with the OpenAPI description.
        import_module("studio.schema")
