from django.urls import path

from compute import api

urlpatterns = [
    path("workspaces/<workspace>/clusters", api.Clusters.as_view(), name="clusters"),
    path("workspaces/<workspace>/clusters/<name>", api.OneCluster.as_view(), name="cluster"),
]
