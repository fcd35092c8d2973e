from django.urls import path

from registry import api, builds_api, environments_api

W = "workspaces/<str:workspace>"
MODEL = f"{W}/models/<str:name>"
ENVIRONMENT = f"{W}/environments/<str:name>"
K = f"{ENVIRONMENT}/versions/<int:number>"

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
    path(f"{K}/lock", builds_api.Lock.as_view(), name="environment-lock"),
    path(f"{K}/dockerfile", builds_api.DockerfileText.as_view(), name="environment-dockerfile"),
    path(f"{W}/models", api.Models.as_view(), name="models"),
    path(MODEL, api.OneModel.as_view(), name="model"),
    path(
        f"{MODEL}/versions/<int:number>/files/<path:path>",
        api.ModelFile.as_view(),
        name="model-file",
    ),
    path(f"{MODEL}/versions/<int:number>/zip", api.ModelZip.as_view(), name="model-zip"),
]
