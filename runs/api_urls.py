from django.urls import path

from runs import api, files_api

W = "workspaces/<str:workspace>"
RUN = "runs/<str:run_id>"

urlpatterns = [
    path(f"{W}/experiments", api.Experiments.as_view(), name="experiments"),
    path(f"{W}/runs", api.Runs.as_view(), name="runs"),
    path(f"{W}/snapshots", api.Snapshots.as_view(), name="snapshots"),
    path(f"{W}/snapshots/check", api.SnapshotCheck.as_view(), name="snapshot-check"),
    path(f"{W}/snapshots/zip", api.SnapshotFromZip.as_view(), name="snapshot-zip"),
    path(f"{W}/snapshots/example", api.SnapshotOfExample.as_view(), name="snapshot-example"),
    path(RUN, api.OneRun.as_view(), name="run"),
    path(f"{RUN}/cancel", api.Cancel.as_view(), name="run-cancel"),
    path(f"{RUN}/metrics", api.Metrics.as_view(), name="run-metrics"),
    path(f"{RUN}/metrics/points", api.Points.as_view(), name="run-points"),
    path(f"{RUN}/models", api.RegisterModel.as_view(), name="run-models"),
    path(f"{RUN}/files", files_api.Files.as_view(), name="run-files"),
    path(f"{RUN}/files/<path:path>", files_api.OneFile.as_view(), name="run-file"),
    path(f"{RUN}/zip", files_api.Zip.as_view(), name="run-zip"),
    path(f"{RUN}/log", files_api.Log.as_view(), name="run-log"),
    path(f"{RUN}/snapshot", files_api.Code.as_view(), name="run-snapshot"),
    path(f"{RUN}/snapshot/zip", files_api.CodeZip.as_view(), name="run-snapshot-zip"),
    path(f"{RUN}/snapshot/files/<path:path>", files_api.CodeFile.as_view(), name="run-code"),
]
