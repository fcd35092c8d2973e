from django.apps import AppConfig


class RegistryApp(AppConfig):
    name = "registry"
