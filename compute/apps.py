from django.apps import AppConfig


class ComputeApp(AppConfig):
    name = "compute"
