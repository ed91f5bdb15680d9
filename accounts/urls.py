"""/accounts/…"""

from django.urls import path

from accounts import email_views, export_views, password_views, views

app_name = "accounts"
urlpatterns = [
    path("sign-up/", views.sign_up, name="sign_up"),
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("profile/", views.profile, name="profile"),
    path("email/", email_views.change, name="email"),
    path("email/cancel/", email_views.cancel, name="email_cancel"),
    path("email/confirm/<str:token>/", email_views.confirm, name="email_confirm"),
    path("export/", export_views.export, name="export"),
    path("export/download/", export_views.download, name="export_download"),
    path("delete/", views.delete_account, name="delete"),
    path("password/", password_views.password_change, name="password_change"),
    path("reset/", password_views.password_reset, name="password_reset"),
    path("reset/sent/", password_views.password_reset_done, name="password_reset_done"),
    path("reset/complete/", password_views.password_reset_complete, name="password_reset_complete"),
    path(
        "reset/<str:uidb64>/<str:token>/",
        password_views.password_reset_confirm,
        name="password_reset_confirm",
    ),
]
