from django.urls import path

from registry.views import (
    comparing,
    datasets,
    editing,
    environments,
    model_version,
    models,
    stored,
    wheels,
)

W = "w/<workspace>"
ONE = f"{W}/environments/<name>"
DATASET = f"{W}/data/<name>"
BUILD = f"{ONE}/<int:number>/<kind>"

app_name = "registry"
urlpatterns = [
    path(f"{W}/models/", models.models, name="models"),
    path(f"{W}/models/<name>/", models.model, name="model"),
    path(f"{W}/models/<name>/_freed/", models.freed, name="model-freed"),
    path(f"{W}/models/<name>/<number>/", model_version.model_version, name="model-version"),
    path(f"{W}/new-model/", models.new_model, name="model-new"),
    path(f"{W}/compare-models/", model_version.compare, name="model-compare"),
    path(f"{W}/data/", datasets.dataset_list, name="datasets"),
    path(f"{W}/data/new/", datasets.new_dataset, name="new-dataset"),
    path(f"{W}/data/_name/", datasets.name_of, name="dataset-name"),
    path(f"{DATASET}/", datasets.dataset, name="dataset"),
    path(f"{DATASET}/_freed/", datasets.freed, name="dataset-freed"),
    path(f"{DATASET}/<number>/", datasets.dataset_version, name="dataset-version"),
    path(f"{DATASET}/<int:number>/_zip/", datasets.folder_zip, name="dataset-folder"),
    path(f"{W}/store/", stored.stored, name="store"),
    path(f"{W}/store/_freed/", stored.freed, name="store-freed"),
    path("wheels/<sha256>/<name>", wheels.wheel, name="wheel"),
    path(f"{W}/environments/", environments.environment_list, name="environments"),
    path(f"{W}/new-environment/", editing.new_environment, name="environment-new"),
    path(f"{W}/new-environment/_name/", editing.name_of, name="environment-name"),
    path(f"{W}/compare-environments/", comparing.compare, name="environment-compare"),
    path(f"{ONE}/", environments.environment, name="environment"),
    path(f"{BUILD}/log", environments.build_log, name="environment-log"),
    path(f"{BUILD}/lock", environments.lock, name="environment-lock"),
]
