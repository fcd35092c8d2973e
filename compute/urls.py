from django.urls import path

from compute import views

W = "w/<workspace>"

app_name = "compute"
urlpatterns = [
    path(f"{W}/compute/", views.cluster_list, name="clusters"),
    path(f"{W}/compute/<name>/", views.cluster, name="cluster"),
    path(f"{W}/compute/<name>/resize/", views.resize, name="resize"),
    path(f"{W}/compute/<name>/delete/", views.delete, name="delete"),
    path(f"{W}/new-cluster/", views.new_cluster, name="new"),
    path(f"{W}/_engine/", views.engine, name="engine"),
    path(f"{W}/_machine/", views.machine_now, name="machine"),
    path(f"{W}/_load/", views.load, name="load"),
]
