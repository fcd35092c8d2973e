from django.urls import path

from studio import views, wheel_views

app_name = "studio"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/<uid>/<token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("settings/", views.settings_page, name="settings"),
    path("settings/workspace/", views.workspace_words, name="workspace"),
    path("settings/profile/", views.profile, name="profile"),
    path("settings/password/", views.password, name="password"),
    path("settings/config.json", views.config, name="config"),
    path("settings/tokens/", views.tokens_made, name="tokens"),
    path("settings/tokens/<int:token_id>/", views.token_deleted, name="token-delete"),
    path("sdk/simple/", wheel_views.index, name="sdk-index"),
    path("sdk/simple/<str:name>/", wheel_views.package, name="sdk-package"),
    path("sdk/<str:name>", wheel_views.download, name="sdk-wheel"),
]
