from django.urls import path

from registry import api

W = "workspaces/<str:workspace>"
MODEL = f"{W}/models/<str:name>"

urlpatterns = [
    path(f"{W}/environments", api.Environments.as_view(), name="environments"),
    path(f"{W}/environments/<str:name>", api.OneEnvironment.as_view(), name="environment"),
    path(f"{W}/models", api.Models.as_view(), name="models"),
    path(MODEL, api.OneModel.as_view(), name="model"),
    path(
        f"{MODEL}/versions/<int:number>/files/<path:path>",
        api.ModelFile.as_view(),
        name="model-file",
    ),
    path(f"{MODEL}/versions/<int:number>/zip", api.ModelZip.as_view(), name="model-zip"),
]
