from django.urls import path

from chat.views import conversations, home, messages, stream, versions

app_name = "chat"
urlpatterns = [
    path("", home.home, name="home"),
    path("start/", home.start, name="start"),
    path("conversations/", conversations.all_conversations, name="conversations"),
    path("<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("<uuid:conversation_id>/send/", messages.send, name="send"),
    path("<uuid:conversation_id>/rename/", conversations.rename, name="rename"),
    path("<uuid:conversation_id>/delete/", conversations.delete, name="delete"),
    path("<uuid:conversation_id>/restore/", conversations.restore, name="restore"),
    path("messages/<uuid:message_id>/", messages.message, name="message"),
    path("messages/<uuid:message_id>/source/", messages.source, name="source"),
    path("messages/<uuid:message_id>/stream/", stream.stream, name="stream"),
    path("messages/<uuid:message_id>/stop/", messages.stop, name="stop"),
    path("messages/<uuid:message_id>/retry/", messages.retry, name="retry"),
    path("messages/<uuid:message_id>/regenerate/", versions.regenerate, name="regenerate"),
    path("messages/<uuid:message_id>/edit/", versions.edit, name="edit"),
    path("messages/<uuid:message_id>/open/", versions.open_version, name="open"),
    path("messages/<uuid:message_id>/fork/", versions.fork, name="fork"),
]
