"""/accounts/…"""

from django.urls import path

from accounts.web.views import email, export, passwords, settings, sign_in

app_name = "accounts"
urlpatterns = [
    path("sign-up/", sign_in.sign_up, name="sign_up"),
    path("login/", sign_in.log_in, name="login"),
    path("logout/", sign_in.log_out, name="logout"),
    path("profile/", settings.profile, name="profile"),
    path("email/", email.change, name="email"),
    path("email/cancel/", email.cancel, name="email_cancel"),
    path("email/confirm/<str:token>/", email.confirm, name="email_confirm"),
    path("export/", export.export, name="export"),
    path("export/download/", export.download, name="export_download"),
    path("delete/", sign_in.delete_account, name="delete"),
    path("password/", passwords.password_change, name="password_change"),
    path("reset/", passwords.password_reset, name="password_reset"),
    path("reset/sent/", passwords.password_reset_done, name="password_reset_done"),
    path("reset/complete/", passwords.password_reset_complete, name="password_reset_complete"),
    path(
        "reset/<str:uidb64>/<str:token>/",
        passwords.password_reset_confirm,
        name="password_reset_confirm",
    ),
]
