from django.urls import path

from runs import driver_api, driver_points

urlpatterns = [
    path("job", driver_api.Job.as_view(), name="driver-job"),
    path("blobs/batch", driver_api.DriverBatch.as_view(), name="driver-batch"),
    path("blobs/<str:sha256>", driver_api.DriverBlob.as_view(), name="driver-blob"),
    path("inputs/<str:name>", driver_api.DriverInput.as_view(), name="driver-input"),
    path("output-datasets/<str:name>", driver_api.DriverOutput.as_view(), name="driver-output"),
    path("state", driver_api.SayState.as_view(), name="driver-state"),
    path("heartbeat", driver_api.Heartbeat.as_view(), name="driver-heartbeat"),
    path("log", driver_api.AppendLog.as_view(), name="driver-log"),
    path("metrics", driver_points.AppendMetrics.as_view(), name="driver-metrics"),
    path("files", driver_api.KeepFiles.as_view(), name="driver-files"),
    path("finish", driver_api.Finish.as_view(), name="driver-finish"),
]
