from django.urls import path

from chat.views import (
    context,
    conversations,
    exporting,
    home,
    messages,
    searching,
    shelves,
    stream,
    versions,
)

app_name = "chat"
urlpatterns = [
    path("", home.home, name="home"),
    path("start/", home.start, name="start"),
    path("conversations/", conversations.all_conversations, name="conversations"),
    path("search/", searching.search, name="search"),
    path("archived/", shelves.archived, name="archived"),
    path("<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("<uuid:conversation_id>/title/", conversations.title, name="title"),
    path("<uuid:conversation_id>/pin/", shelves.pin, name="pin"),
    path("<uuid:conversation_id>/unpin/", shelves.unpin, name="unpin"),
    path("<uuid:conversation_id>/archive/", shelves.archive, name="archive"),
    path("<uuid:conversation_id>/unarchive/", shelves.unarchive, name="unarchive"),
    path("<uuid:conversation_id>/export.md", exporting.as_markdown, name="export_markdown"),
    path("<uuid:conversation_id>/export.json", exporting.as_json, name="export_json"),
    path("<uuid:conversation_id>/send/", messages.send, name="send"),
    path("<uuid:conversation_id>/rename/", conversations.rename, name="rename"),
    path("<uuid:conversation_id>/delete/", conversations.delete, name="delete"),
    path("<uuid:conversation_id>/restore/", conversations.restore, name="restore"),
    path("messages/<uuid:message_id>/", messages.message, name="message"),
    path("messages/<uuid:message_id>/source/", messages.source, name="source"),
    path("messages/<uuid:message_id>/context/", context.context, name="context"),
    path("messages/<uuid:message_id>/stream/", stream.stream, name="stream"),
    path("messages/<uuid:message_id>/stop/", messages.stop, name="stop"),
    path("messages/<uuid:message_id>/retry/", messages.retry, name="retry"),
    path("messages/<uuid:message_id>/regenerate/", versions.regenerate, name="regenerate"),
    path("messages/<uuid:message_id>/edit/", versions.edit, name="edit"),
    path("messages/<uuid:message_id>/open/", versions.open_version, name="open"),
    path("messages/<uuid:message_id>/fork/", versions.fork, name="fork"),
]
