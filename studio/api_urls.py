from django.urls import path

from studio import api, uploads_api

urlpatterns = [
    path("me", api.Me.as_view(), name="me"),
    path("workspaces", api.Workspaces.as_view(), name="workspaces"),
    path("workspaces/<str:workspace>", api.OneWorkspace.as_view(), name="workspace"),
    path("tokens", api.Tokens.as_view(), name="tokens"),
    path("tokens/<int:token_id>", api.OneToken.as_view(), name="token"),
    path(
        "workspaces/<str:workspace>/blobs/missing", api.MissingBlobs.as_view(), name="blobs-missing"
    ),
    path("workspaces/<str:workspace>/blobs/batch", api.PutBatch.as_view(), name="blobs-batch"),
    path("workspaces/<str:workspace>/blobs/<str:sha256>", api.PutBlob.as_view(), name="blob"),
    path("workspaces/<str:workspace>/uploads", uploads_api.Uploads.as_view(), name="uploads"),
    path(
        "workspaces/<str:workspace>/uploads/<uuid:upload_id>",
        uploads_api.OneUpload.as_view(),
        name="upload",
    ),
    path(
        "workspaces/<str:workspace>/uploads/<uuid:upload_id>/finish",
        uploads_api.FinishUpload.as_view(),
        name="finish-upload",
    ),
    path("workspaces/<str:workspace>/blobs", api.PostBlob.as_view(), name="blobs"),
]
