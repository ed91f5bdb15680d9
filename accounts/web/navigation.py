"""The accounts' links in the navigation, and their pages in the palette."""

from memoryloop.web.navigation import NavigationItem
from memoryloop.web.palette import PalettePage

RAIL = (
    NavigationItem(
        "Settings", "settings:home", order=90, icon="settings", name="settings", key="s"
    ),
)
# Where sign-up is open.
SIGN_UP = NavigationItem("Sign up", "accounts:sign_up", order=10)
LOG_IN = NavigationItem("Log in", "accounts:login", order=20)
PAGES = (
    PalettePage(
        "Settings",
        "settings:home",
        "settings",
        "preferences options configuration tutor ai llm model api key claude anthropic openai "
        "chatgpt ollama lm studio server",
    ),
    PalettePage(
        "Account", "accounts:profile", "user", "profile name user me time zone timezone email"
    ),
    PalettePage("Change password", "accounts:password_change", "key", "security login"),
    PalettePage("Change email address", "accounts:email", "user", "e-mail mail login"),
    PalettePage("Export your data", "accounts:export", "cards", "download backup archive zip gdpr"),
    PalettePage("Delete account", "accounts:delete", "trash", "remove close erase leave"),
    PalettePage(
        "Log out",
        "accounts:logout",
        "log-out",
        "logout sign out signout log off exit quit leave",
        post=True,
    ),
)
