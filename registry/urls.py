from django.urls import path

from registry import views

W = "w/<workspace>"

app_name = "registry"
urlpatterns = [
    path(f"{W}/models/", views.models, name="models"),
    path(f"{W}/models/<name>/", views.model, name="model"),
    path(f"{W}/models/<name>/<int:number>/", views.model_version, name="model-version"),
    path(f"{W}/environments/", views.environment_list, name="environments"),
    path(f"{W}/environments/<name>/", views.environment, name="environment"),
]
