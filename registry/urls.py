from django.urls import path

from registry.views import comparing, editing, environments, models

W = "w/<workspace>"
ONE = f"{W}/environments/<name>"
BUILD = f"{ONE}/<int:number>/<kind>"

app_name = "registry"
urlpatterns = [
    path(f"{W}/models/", models.models, name="models"),
    path(f"{W}/models/<name>/", models.model, name="model"),
    path(f"{W}/models/<name>/<int:number>/", models.model_version, name="model-version"),
    path(f"{W}/environments/", environments.environment_list, name="environments"),
    path(f"{W}/new-environment/", editing.new_environment, name="environment-new"),
    path(f"{W}/new-environment/_name/", editing.name_of, name="environment-name"),
    path(f"{W}/compare-environments/", comparing.compare, name="environment-compare"),
    path(f"{ONE}/", environments.environment, name="environment"),
    path(f"{BUILD}/log", environments.build_log, name="environment-log"),
    path(f"{BUILD}/lock", environments.lock, name="environment-lock"),
]
