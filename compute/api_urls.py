from django.urls import path

from compute import api

urlpatterns = [
    path("workspaces/<str:workspace>/sizes", api.Sizes.as_view(), name="sizes"),
    path("workspaces/<str:workspace>/clusters", api.Clusters.as_view(), name="clusters"),
    path(
        "workspaces/<str:workspace>/clusters/<str:name>", api.OneCluster.as_view(), name="cluster"
    ),
]
