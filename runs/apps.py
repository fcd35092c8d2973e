from django.apps import AppConfig


class RunsApp(AppConfig):
    name = "runs"
