from django.urls import path

from registry import (
    aliases_api,
    api,
    build_log_api,
    builds_api,
    datasets_api,
    environments_api,
    fetches_api,
    model_api,
    store_api,
    tables_api,
    wheels_api,
)

W = "workspaces/<str:workspace>"
MODEL = f"{W}/models/<str:name>"
# A number or an alias.
MV = f"{MODEL}/versions/<str:number>"
ENVIRONMENT = f"{W}/environments/<str:name>"
K = f"{ENVIRONMENT}/versions/<int:number>"
DATASET = f"{W}/datasets/<str:name>"
DV = f"{DATASET}/<str:number>"
FETCH = f"{W}/fetches/<int:number>"

urlpatterns = [
    path(f"{W}/environments", environments_api.Environments.as_view(), name="environments"),
    path(f"{W}/environments/check", environments_api.Check.as_view(), name="environment-check"),
    path(ENVIRONMENT, environments_api.OneEnvironment.as_view(), name="environment"),
    path(
        f"{ENVIRONMENT}/versions", environments_api.Versions.as_view(), name="environment-versions"
    ),
    path(f"{ENVIRONMENT}/compare", builds_api.Compare.as_view(), name="environment-compare"),
    path(K, environments_api.OneVersion.as_view(), name="environment-version"),
    path(f"{K}/update", environments_api.Update.as_view(), name="environment-update"),
    path(f"{K}/build", builds_api.Build.as_view(), name="environment-build"),
    path(f"{K}/build/cancel", builds_api.CancelBuild.as_view(), name="environment-build-cancel"),
    path(f"{K}/build/log", builds_api.BuildLog.as_view(), name="environment-build-log"),
    path(f"{K}/build/log/lines", build_log_api.Lines.as_view(), name="environment-build-log-lines"),
    path(f"{K}/build/log/find", build_log_api.Find.as_view(), name="environment-build-log-find"),
    path(f"{K}/lock", builds_api.Lock.as_view(), name="environment-lock"),
    path(f"{K}/dockerfile", builds_api.DockerfileText.as_view(), name="environment-dockerfile"),
    path(f"{W}/models", model_api.Models.as_view(), name="models"),
    path(MODEL, model_api.OneModel.as_view(), name="model"),
    path(f"{MODEL}/versions", model_api.ModelVersions.as_view(), name="model-versions"),
    path(f"{MODEL}/aliases/<str:alias>", aliases_api.ModelAlias.as_view(), name="model-alias"),
    path(MV, model_api.OneModelVersion.as_view(), name="model-version"),
    path(f"{MV}/inside", api.ModelInside.as_view(), name="model-inside"),
    path(f"{MV}/files/<path:path>", api.ModelFile.as_view(), name="model-file"),
    path(f"{MV}/zip", api.ModelZip.as_view(), name="model-zip"),
    path(f"{W}/datasets", datasets_api.Datasets.as_view(), name="datasets"),
    path(DATASET, datasets_api.OneDataset.as_view(), name="dataset"),
    path(f"{DATASET}/versions", datasets_api.DatasetVersions.as_view(), name="dataset-versions"),
    path(
        f"{DATASET}/aliases/<str:alias>", aliases_api.DatasetAlias.as_view(), name="dataset-alias"
    ),
    path(DV, datasets_api.OneDatasetVersion.as_view(), name="dataset-version"),
    path(f"{DV}/files", datasets_api.DatasetFiles.as_view(), name="dataset-files"),
    path(f"{DV}/files/<path:path>", datasets_api.DatasetFile.as_view(), name="dataset-file"),
    path(f"{DV}/zip", datasets_api.DatasetZip.as_view(), name="dataset-zip"),
    path(f"{DV}/preview", tables_api.Preview.as_view(), name="dataset-preview"),
    path(f"{DV}/profile", tables_api.Profile.as_view(), name="dataset-profile"),
    path(f"{W}/trees", datasets_api.Trees.as_view(), name="trees"),
    path(f"{W}/trees/<str:sha256>/files", datasets_api.TreeFiles.as_view(), name="tree-files"),
    path(
        f"{W}/trees/<str:sha256>/files/<path:path>",
        datasets_api.TreeFile.as_view(),
        name="tree-file",
    ),
    path(f"{W}/store", store_api.Store.as_view(), name="store"),
    path(f"{W}/store/tree", store_api.StoreTree.as_view(), name="store-tree"),
    path(f"{W}/store/<path:path>", store_api.StoredOne.as_view(), name="stored-file"),
    path(f"{W}/wheels", wheels_api.Wheels.as_view(), name="wheels"),
    path(f"{W}/wheels/<str:sha256>/<str:name>", wheels_api.OneWheel.as_view(), name="wheel"),
    path(f"{W}/fetches", fetches_api.Fetches.as_view(), name="fetches"),
    path(FETCH, fetches_api.OneFetch.as_view(), name="fetch"),
    path(f"{FETCH}/cancel", fetches_api.CancelFetch.as_view(), name="fetch-cancel"),
    path(f"{W}/opendata", fetches_api.OpenData.as_view(), name="opendata"),
    path(f"{W}/opendata/<str:name>", fetches_api.OneOpenDataset.as_view(), name="open-dataset"),
]
