"""Forms of accounts: sign-up, log-in, passwords, the profile."""

import functools
import zoneinfo
from typing import Any, cast

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import known_devices, services, throttling
from accounts.models import User, UserManager

EMAIL_MAX_CHARACTERS = 254
NAME_MAX_CHARACTERS = 150
# Argon2 takes any length: without a limit it would hash megabytes.
PASSWORD_MAX_CHARACTERS = 1_000
# Browsers neither capitalise nor correct these fields.
AS_TYPED = {"autocapitalize": "none", "spellcheck": "false"}


class FocusedForm(forms.BaseForm):
    """A form that focuses the first field with an error."""

    def add_error(self, field: str | None, error: Any) -> None:
        super().add_error(field, error)
        typed = [name for name, each in self.fields.items() if not each.widget.is_hidden]
        wrong = next((name for name in typed if name in self.errors), typed[-1])
        for name in typed:
            self.fields[name].widget.attrs.pop("autofocus", None)
        self.fields[wrong].widget.attrs["autofocus"] = True


def _email_field(autocomplete: str, **attributes: Any) -> forms.EmailField:
    return forms.EmailField(
        label="Email address",
        max_length=EMAIL_MAX_CHARACTERS,
        widget=forms.EmailInput(
            attrs={"autocomplete": autocomplete, **AS_TYPED, **attributes},
        ),
        error_messages={
            "required": "Enter your email address.",
            "invalid": "Enter an email address, such as ada@example.org.",
        },
    )


def _password_field(label: str, autocomplete: str, **attributes: Any) -> forms.CharField:
    # A password is never rendered (render_value is False), also in a form with errors.
    return forms.CharField(
        label=label,
        strip=False,
        max_length=PASSWORD_MAX_CHARACTERS,
        widget=forms.PasswordInput(
            attrs={
                "autocomplete": autocomplete,
                "data-password": "",
                **AS_TYPED,
                **attributes,
            },
        ),
        error_messages={"required": "Enter a password."},
    )


def _new_password_field(label: str, **attributes: Any) -> forms.CharField:
    field = _password_field(label, "new-password", **attributes)
    field.help_text = "At least 8 characters; a few words in a row are good."
    return field


def _name_field(**attributes: Any) -> forms.CharField:
    return forms.CharField(
        label="Name",
        max_length=NAME_MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "name", **attributes}),
        error_messages={"required": "Enter a name; a first name is enough."},
    )


@functools.cache
def time_zone_choices() -> tuple[tuple[str, Any], ...]:
    """Return the time zones for a select, grouped by region, UTC first."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        # Without the aliases for old software: US/Eastern, Etc/GMT+5, EST5EDT.
        if place and region in _REGIONS:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return (("UTC", "UTC"), *((region, tuple(zones)) for region, zones in regions.items()))


_REGIONS = frozenset(
    (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
)


class SignUpForm(FocusedForm, forms.Form):
    name = _name_field(autofocus=True)
    email = _email_field("email")
    password = _new_password_field("Password")
    # Set by time-zone.js. An unknown time zone becomes UTC.
    time_zone = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )

    def clean_email(self) -> str:
        return UserManager.normalize_email(self.cleaned_data["email"])

    def clean_time_zone(self) -> str:
        return services.known_time_zone(self.cleaned_data["time_zone"])

    @sensitive_variables("password")
    def clean(self) -> dict[str, Any]:
        # After the other fields: a password must not be similar to the name or the address.
        password = self.cleaned_data.get("password")
        if password:
            user = User(
                email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", "")
            )
            try:
                password_validation.validate_password(password, user)
            except ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data


class LogInForm(FocusedForm, forms.Form):
    """Checks an address and a password. Takes the same time for an unknown address."""

    email = _email_field("username", autofocus=True)
    password = _password_field("Password", "current-password")

    # The same sentence for an unknown address, a wrong password and an inactive account.
    refused = "Wrong email address or password. Check both and try again."

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    @sensitive_variables("password")
    def clean(self) -> dict[str, Any]:
        """Set `user` or add an error. Raises throttling.TooManyAttempts."""
        email = UserManager.normalize_email(self.cleaned_data.get("email"))
        password = self.cleaned_data.get("password")
        if not email or not password:
            return self.cleaned_data
        place = throttling.client_place(self.request)
        device = known_devices.device_of(self.request, email)
        throttling.count_log_in(email, place, device=device, now=timezone.now())
        # Django hashes once for an unknown address, too, and checks the password before is_active.
        user = authenticate(self.request, username=email, password=password)
        if user is None:
            raise ValidationError(self.refused, code="refused")
        throttling.uncount_log_in(email, place, device=device)
        self.user = user
        return self.cleaned_data


class AdminLogInForm(AdminAuthenticationForm):
    """The admin's log-in form, with the same throttling."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        email = UserManager.normalize_email(self.cleaned_data.get("username"))
        if not email or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        place = throttling.client_place(self.request)
        device = known_devices.device_of(self.request, email)
        try:
            throttling.count_log_in(email, place, device=device, now=timezone.now())
        except throttling.TooManyAttempts as error:
            raise ValidationError(error.sentence, code="throttled") from None
        cleaned = super().clean()
        throttling.uncount_log_in(email, place, device=device)
        return cleaned


class PasswordResetForm(FocusedForm, forms.Form):
    email = _email_field("username", autofocus=True)

    def clean_email(self) -> str:
        return UserManager.normalize_email(self.cleaned_data["email"])


class NewPasswordForm(FocusedForm, forms.Form):
    new_password = _new_password_field("New password", autofocus=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @sensitive_variables("password")
    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        return password


class ConfirmPasswordForm(FocusedForm, forms.Form):
    """Asks for the password again, because a session may have been left open."""

    password = _password_field("Your password", "current-password", autofocus=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @sensitive_variables("password")
    def clean_password(self) -> str:
        """Return the password if it is right. Raises throttling.TooManyAttempts."""
        password: str = self.cleaned_data["password"]
        throttling.CONFIRM_PASSWORD.count(str(self.user.pk), now=timezone.now())
        if not self.user.check_password(password):
            raise ValidationError("This is not your password. Try again.", code="wrong")
        throttling.CONFIRM_PASSWORD.clear(str(self.user.pk))
        return password


class PasswordChangeForm(ConfirmPasswordForm):
    new_password = _new_password_field("New password")

    field_order = ("password", "new_password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "Current password"

    @sensitive_variables("password")
    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        password_validation.validate_password(password, self.user)
        return password


class EmailChangeForm(ConfirmPasswordForm):
    new_email = _email_field("email", autofocus=True)

    field_order = ("new_email", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_email"].label = "New email address"
        self.fields["password"].widget.attrs.pop("autofocus", None)

    def clean_new_email(self) -> str:
        email = UserManager.normalize_email(self.cleaned_data["new_email"])
        if email == self.user.email:
            raise ValidationError("This is your address already.", code="same")
        return email


class ProfileForm(FocusedForm, forms.ModelForm[User]):
    name = _name_field()
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="It decides when your day begins and what “tomorrow” means.",
        error_messages={"invalid_choice": "Choose a time zone from the list."},
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(time_zone_choices())
        known = {name for _, zones in choices[1:] for name, _ in zones} | {"UTC"}
        current = self.instance.time_zone
        if current not in known and current in zoneinfo.available_timezones():
            # A browser may have sent an alias (Etc/UTC, US/Eastern), which is kept.
            choices.insert(1, (current, current))
        cast("forms.ChoiceField", self.fields["time_zone"]).choices = choices


class UserAddForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return UserManager.normalize_email(self.cleaned_data["email"])


class UserEditForm(UserChangeForm[User]):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        return UserManager.normalize_email(self.cleaned_data["email"])
