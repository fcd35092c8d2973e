from django.urls import path

from compute import views

W = "w/<workspace>"

app_name = "compute"
urlpatterns = [
    path(f"{W}/compute/", views.cluster_list, name="clusters"),
    path(f"{W}/compute/<name>/", views.cluster, name="cluster"),
    path(f"{W}/_load/", views.load, name="load"),
]
