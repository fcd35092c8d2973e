from django.urls import path

from runs.views import (
    code,
    compare,
    dataset_uses,
    detail,
    drawn,
    experiments,
    files,
    index,
    inputs,
    load,
    metrics,
    models,
    new,
)

W = "w/<workspace>"
RUN = "runs/<run_id>"

app_name = "runs"
urlpatterns = [
    path(f"{W}/experiments/", experiments.experiments, name="experiments"),
    path(f"{W}/experiments/<name>/", experiments.experiment, name="experiment"),
    path(f"{W}/experiments/<name>/_columns/", experiments.columns, name="experiment-columns"),
    path(f"{W}/compare/", compare.compare, name="compare"),
    path(f"{W}/compare/_code/", compare.code, name="compare-code"),
    path(f"{W}/compare/_file/", compare.file, name="compare-file"),
    path(f"{W}/new-run/", new.new_run, name="new"),
    path(f"{W}/new-run/_image/", new.image_state, name="new-image"),
    path(f"{W}/_active/", index.active, name="active"),
    path(f"{W}/_count/", index.count, name="count"),
    path(f"{W}/_find/", index.find, name="find"),
    path(f"{W}/_on-cluster/<name>/", index.on_cluster, name="on-cluster"),
    path(f"{W}/_cluster-load/<name>/", load.on_cluster, name="cluster-load"),
    path(f"{W}/_queues/", index.queues, name="queues"),
    path(f"{W}/_made-by/<model>/<int:number>/", index.made_by, name="made-by"),
    path(f"{W}/models-by-metric/", models.by_metric, name="models-by-metric"),
    path(f"{W}/_model-metrics/", models.metric_names, name="model-metrics"),
    path(f"{W}/_used-by/<name>/<int:number>/", index.used_by, name="used-by"),
    path(f"{W}/_datasets-used/", dataset_uses.datasets_used, name="datasets-used"),
    path(f"{W}/data/<name>/<int:number>/runs/", inputs.dataset_runs, name="dataset-runs"),
    path(f"{RUN}/", detail.overview, name="detail"),
    path(f"{RUN}/metrics/", metrics.metrics, name="metrics"),
    path(f"{RUN}/drawn/", drawn.drawn, name="drawn"),
    path(f"{RUN}/files/", files.files, name="files"),
    path(f"{RUN}/code/", code.code, name="code"),
    path(f"{RUN}/code/_changes/", code.changes, name="code-changes"),
    path(f"{RUN}/code/_difference/", code.difference, name="code-difference"),
    path(f"{RUN}/monitoring/", detail.monitoring, name="monitoring"),
    path(f"{RUN}/_status/", detail.status, name="status"),
    path(f"{RUN}/cancel/", detail.cancel, name="cancel"),
    path(f"{RUN}/register/", detail.register, name="register"),
    path("experiments/<name>/runs/<run_id>", detail.portal, name="portal"),
]
