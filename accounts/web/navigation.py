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
    PalettePage("Settings", "settings:home", "settings", "tutor claude key ollama server model"),
    PalettePage("Account", "accounts:profile", "user", "profile name time zone email"),
    PalettePage("Change password", "accounts:password_change", "key", "security"),
    PalettePage("Change email address", "accounts:email", "user", "mail log in"),
    PalettePage(
        "Export your data", "accounts:export", "cards", "export download backup archive zip"
    ),
)
