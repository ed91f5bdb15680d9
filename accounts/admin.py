"""The admin of users, keys, endpoints, invitations and throttling.

No key is shown, not even encrypted. Only superusers give permissions, and nobody changes an account
that may do more than they may (accounts/powers.py).
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone

from accounts import invitations, powers
from accounts.models import ApiKey, EmailChange, Endpoint, Invitation, LogInAttempts, User
from accounts.web.forms.accounts import AdminLogInForm, UserAddForm, UserEditForm
from memoryloop.web.address import base_url

admin.site.site_header = "MemoryLoop"
admin.site.site_title = "MemoryLoop"
admin.site.index_title = "Administration"
admin.site.login_form = AdminLogInForm


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    form = UserEditForm
    add_form = UserAddForm
    list_display = ("email", "name", "time_zone", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Profile", {"fields": ("name", "time_zone")}),
        (
            "Permissions",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only superusers make staff and superusers, and give groups and permissions."""
        given = super().get_readonly_fields(request, obj)
        return given if _is_superuser(request) else (*given, *_POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _reaches(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _reaches(request, obj)


_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


def _reaches(request: HttpRequest, other: User | None) -> bool:
    if other is None:
        return True
    return isinstance(request.user, User) and powers.reaches(request.user, other)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Only superusers change groups: whoever does gives permissions to all in them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin[Invitation]):
    """Makes links to sign up with, and shows what became of them. Deleting one makes it invalid."""

    list_display = ("__str__", "created_by", "created_at", "expires_at", "used_at", "used_by")
    list_select_related = ("created_by", "used_by")
    list_filter = ("used_at",)
    search_fields = ("note",)
    ordering = ("-created_at",)

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        made = ("link", "created_by", "created_at", "used_at", "used_by") if obj else ()
        return ("note", "expires_at", *made)

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return ("link", "created_by", "created_at", "used_at", "used_by") if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": timezone.now() + invitations.LIFETIME}

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Invitation | None:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.base_url = base_url(request)  # type: ignore[attr-defined]
        return found

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, User):
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
        if not change:
            made = invitations.link(obj, base_url=base_url(request))
            self.message_user(request, f"Send this link to the person you invite: {made}")

    @admin.display(description="link to send")
    def link(self, obj: Invitation) -> str:
        base: str = getattr(obj, "base_url", "")
        return "Used." if obj.used_at else invitations.link(obj, base_url=base)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Shows a key's hint and status. A key can only be deleted."""

    fields = readonly_fields = (
        "owner",
        "provider",
        "hint",
        "model",
        "status",
        "tested_at",
        "created_at",
        "updated_at",
    )
    list_display = ("hint", "owner", "provider", "status", "tested_at", "updated_at")
    list_filter = ("provider", "status")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "hint")
    ordering = ("owner__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin[Endpoint]):
    """Shows the address and status of a learner's server. An endpoint can only be deleted."""

    fields = readonly_fields = (
        "owner",
        "label",
        "base_url",
        "hint",
        "model",
        "comes_first",
        "status",
        "tested_at",
        "created_at",
        "updated_at",
    )
    list_display = ("label", "owner", "base_url", "hint", "model", "status", "updated_at")
    list_filter = ("status",)
    list_select_related = ("owner",)
    search_fields = ("owner__email", "base_url", "label")
    ordering = ("owner__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EmailChange)
class EmailChangeAdmin(admin.ModelAdmin[EmailChange]):
    """Shows the pending changes of address. Deleting one makes its links invalid."""

    fields = readonly_fields = (
        "owner",
        "old_email",
        "new_email",
        "old_confirmed_at",
        "new_confirmed_at",
        "created_at",
        "expires_at",
    )
    list_display = ("old_email", "new_email", "created_at", "expires_at")
    list_select_related = ("owner",)
    search_fields = ("old_email", "new_email")
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LogInAttempts)
class LogInAttemptsAdmin(admin.ModelAdmin[LogInAttempts]):
    list_display = ("key", "failures", "window_started_at")
    ordering = ("-window_started_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
