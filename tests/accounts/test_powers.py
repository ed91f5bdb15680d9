"""Staff in the admin: nobody comes to more than they were given."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from tests.base import PASSWORD, TestCase

NEW = "another long password"


def permission(*names: str) -> list[Permission]:
    return [Permission.objects.get(codename=name) for name in names]


class PowerTests(TestCase):
    """Dora is staff and may do everything with users and groups, and nothing else."""

    def setUp(self) -> None:
        self.dora = User.objects.create_user("dora@example.org", PASSWORD, is_staff=True)
        self.dora.user_permissions.set(
            Permission.objects.filter(content_type__model__in=("user", "group"))
        )
        self.erin = User.objects.create_user("erin@example.org", PASSWORD, is_staff=True)
        self.erin.user_permissions.set(permission("delete_apikey"))
        self.fred = User.objects.create_user("fred@example.org", PASSWORD, is_active=False)
        self.group = Group.objects.create(name="Helpers")
        self.group.permissions.set(permission("delete_apikey"))
        self.fred.groups.add(self.group)
        self.log_in(self.dora)

    def edit(self, other: User, **changes: Any) -> int:
        fields = {
            "email": other.email,
            "name": other.name,
            "time_zone": "UTC",
            "is_active": "on",
            **changes,
        }
        url = reverse("admin:accounts_user_change", args=[other.pk])
        return self.client.post(url, fields).status_code

    def test_staff_change_learners(self) -> None:
        self.assertEqual(self.edit(self.alice, name="Alicia"), 302)
        self.assertEqual(User.objects.get(pk=self.alice.pk).name, "Alicia")
        url = reverse("admin:auth_user_password_change", args=[self.alice.pk])
        status = self.client.post(url, {"password1": NEW, "password2": NEW}).status_code
        self.assertEqual(status, 302)
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(NEW))

    def test_they_give_nobody_a_permission(self) -> None:
        every = [str(each.pk) for each in Permission.objects.all()]
        for other in (self.dora, self.alice):
            with self.subTest(other=other):
                self.edit(
                    other,
                    is_superuser="on",
                    is_staff="on",
                    groups=[str(self.group.pk)],
                    user_permissions=every,
                )
                again = User.objects.get(pk=other.pk)
                self.assertFalse(again.is_superuser)
                self.assertEqual(again.is_staff, other.is_staff)
                self.assertFalse(again.groups.exists())
                self.assertEqual(
                    set(again.user_permissions.all()), set(other.user_permissions.all())
                )

    def test_a_new_account_comes_without_any(self) -> None:
        self.client.post(
            reverse("admin:accounts_user_add"),
            {
                "email": "new@example.org",
                "name": "New",
                "usable_password": "true",
                "password1": NEW,
                "password2": NEW,
                "is_superuser": "on",
                "is_staff": "on",
            },
        )
        new = User.objects.get(email="new@example.org")
        self.assertFalse(new.is_superuser or new.is_staff)

    def test_they_touch_nobody_who_may_do_more(self) -> None:
        User.objects.filter(pk=self.charlie.pk).update(is_active=True)
        inactive = User.objects.create_superuser("gone@example.org", PASSWORD, is_active=False)
        for other in (self.charlie, inactive, self.erin, self.fred):
            before = User.objects.filter(pk=other.pk).values().get()
            with self.subTest(other=other.email):
                self.assertEqual(self.edit(other, email="mine@example.org"), 403)
                for name in ("admin:auth_user_password_change", "admin:accounts_user_delete"):
                    url = reverse(name, args=[other.pk])
                    typed = {"password1": NEW, "password2": NEW, "post": "yes"}
                    self.assertEqual(self.client.post(url, typed).status_code, 403)
                    self.assertEqual(self.client.get(url).status_code, 403)
                self.client.post(
                    reverse("admin:accounts_user_changelist"),
                    {
                        "action": "delete_selected",
                        "_selected_action": [str(other.pk)],
                        "post": "yes",
                    },
                )
                self.assertEqual(User.objects.filter(pk=other.pk).values().get(), before)

    def test_they_change_no_group(self) -> None:
        self.dora.groups.add(Group.objects.create(name="Mine"))
        mine = self.dora.groups.get()
        every = [str(each.pk) for each in Permission.objects.all()]
        for url in (
            reverse("admin:auth_group_change", args=[mine.pk]),
            reverse("admin:auth_group_add"),
            reverse("admin:auth_group_delete", args=[mine.pk]),
        ):
            typed = {"name": "Mine", "permissions": every, "post": "yes"}
            self.assertEqual(self.client.post(url, typed).status_code, 403)
        self.assertFalse(mine.permissions.exists())

    def test_superusers_do_all_of_it(self) -> None:
        self.log_in(self.charlie)
        every = [str(each.pk) for each in permission("delete_apikey")]
        self.assertEqual(self.edit(self.erin, is_staff="on", user_permissions=every), 302)
        self.assertEqual(self.edit(self.alice, is_superuser="on", is_staff="on"), 302)
        self.assertTrue(User.objects.get(pk=self.alice.pk).is_superuser)
        url = reverse("admin:auth_group_change", args=[self.group.pk])
        self.assertEqual(self.client.post(url, {"name": "Others"}).status_code, 302)
