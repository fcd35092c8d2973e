"""One include per app: pages and the API."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

api: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("", include("studio.api_urls")),
    path("", include("compute.api_urls")),
    path("", include("registry.api_urls")),
    path("", include("runs.api_urls")),
    path("driver/", include("runs.driver_urls")),
]

urlpatterns = [
    path("api/v1/", include((api, "api"))),
    path("", include("studio.pages_urls")),
    path("", include("compute.urls")),
    path("", include("registry.urls")),
    path("", include("runs.urls")),
]

handler404 = "studio.views.not_found"
handler500 = "studio.views.server_error"
