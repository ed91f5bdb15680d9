"""The chat's link in the navigation."""

from memoryloop.web.navigation import NavigationItem

RAIL = (NavigationItem("Chat", "chat:home", order=10, icon="chat", name="chat", key="c"),)
