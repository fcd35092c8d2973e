from django.apps import AppConfig


class GroundApp(AppConfig):
    name = "studio"
