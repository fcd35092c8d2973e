from django.urls import path

from runs import api, compare_api, drawn_api, files_api, metrics_api, tables_api

W = "workspaces/<str:workspace>"
E = f"{W}/experiments/<str:name>"
RUN = "runs/<str:run_id>"

urlpatterns = [
    path(f"{W}/experiments", api.Experiments.as_view(), name="experiments"),
    path(f"{E}/table", tables_api.Table.as_view(), name="table"),
    path(f"{E}/complete", tables_api.Complete.as_view(), name="complete"),
    path(f"{E}/views", tables_api.Views.as_view(), name="views"),
    path(f"{E}/views/<str:view>", tables_api.OneView.as_view(), name="view"),
    path(f"{W}/runs", api.Runs.as_view(), name="runs"),
    path(f"{W}/runs/actions", tables_api.Actions.as_view(), name="run-actions"),
    path(f"{W}/compare", compare_api.Compare.as_view(), name="compare"),
    path(f"{W}/bands", compare_api.Bands.as_view(), name="bands"),
    path(f"{W}/curves", metrics_api.Curves.as_view(), name="curves"),
    path(f"{W}/snapshots", api.Snapshots.as_view(), name="snapshots"),
    path(f"{W}/snapshots/check", api.SnapshotCheck.as_view(), name="snapshot-check"),
    path(f"{W}/snapshots/zip", api.SnapshotFromZip.as_view(), name="snapshot-zip"),
    path(f"{W}/snapshots/example", api.SnapshotOfExample.as_view(), name="snapshot-example"),
    path(RUN, api.OneRun.as_view(), name="run"),
    path(f"{RUN}/cancel", api.Cancel.as_view(), name="run-cancel"),
    path(f"{RUN}/metrics", metrics_api.Metrics.as_view(), name="run-metrics"),
    path(f"{RUN}/metrics/points", metrics_api.Points.as_view(), name="run-points"),
    path(f"{RUN}/metrics/rows", metrics_api.Rows.as_view(), name="run-rows"),
    path(f"{RUN}/metrics/export", metrics_api.Export.as_view(), name="run-export"),
    path(f"{RUN}/drawn", drawn_api.Drawn.as_view(), name="run-drawn"),
    path(f"{RUN}/drawn/items", drawn_api.Items.as_view(), name="run-drawn-items"),
    path(f"{RUN}/drawn/chart", drawn_api.Chart.as_view(), name="run-drawn-chart"),
    path(f"{RUN}/drawn/columns", drawn_api.Columns.as_view(), name="run-drawn-columns"),
    path(f"{RUN}/drawn/lines", drawn_api.Lines.as_view(), name="run-drawn-lines"),
    path(f"{RUN}/drawn/csv", drawn_api.Csv.as_view(), name="run-drawn-csv"),
    path(f"{RUN}/models", api.RegisterModel.as_view(), name="run-models"),
    path(f"{RUN}/files", files_api.Files.as_view(), name="run-files"),
    path(f"{RUN}/files/<path:path>", files_api.OneFile.as_view(), name="run-file"),
    path(f"{RUN}/zip", files_api.Zip.as_view(), name="run-zip"),
    path(f"{RUN}/log", files_api.Log.as_view(), name="run-log"),
    path(f"{RUN}/snapshot", files_api.Code.as_view(), name="run-snapshot"),
    path(f"{RUN}/snapshot/zip", files_api.CodeZip.as_view(), name="run-snapshot-zip"),
    path(f"{RUN}/snapshot/files/<path:path>", files_api.CodeFile.as_view(), name="run-code"),
]
