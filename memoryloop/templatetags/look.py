"""Tags and filters for icons, form controls and toasts. Every template has them."""

import functools
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField, CheckboxInput, RadioSelect, Textarea, TextInput
from django.template.base import NodeList, Parser, Token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from memoryloop.web.toasts import undo_url

register = template.Library()


@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """Return the drawing templates/icons/<name>.svg, hidden from screen readers."""
    return render_to_string(f"icons/{name}.svg")


@register.filter
def control(field: BoundField) -> SafeString:
    """Return a form field's control with its class, and tied to its help and its errors."""
    widget = field.field.widget
    attrs: dict[str, Any] = {}
    if isinstance(widget, Textarea):
        attrs["class"] = "textarea"
    elif not isinstance(widget, CheckboxInput | RadioSelect):
        attrs["class"] = "input"
    if isinstance(widget, Textarea) or type(widget) is TextInput:
        # What people write goes the way of its script.
        attrs["dir"] = "auto"
    own = widget.attrs.get("class")
    if own and "class" in attrs:
        attrs["class"] = f"{attrs['class']} {own}"
    described_by = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        described_by.append(f"{field.auto_id}_error")
        attrs["aria-invalid"] = "true"
    if described_by:
        attrs["aria-describedby"] = " ".join(described_by)
    return field.as_widget(attrs=attrs)


@register.filter
def is_check(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def toast_undo(message: Message) -> str:
    """Return where a toast's Undo posts to; empty if there is nothing to undo."""
    return undo_url(message)


class CaptureNode(template.Node):
    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        # Already escaped where it was written: what a template renders is safe.
        context[self.name] = mark_safe(self.nodelist.render(context).strip())  # noqa: S308
        return SafeString("")


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """Put what is between {% capture name %} and {% endcapture %} into a variable."""
    try:
        _, name = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError("capture takes the name of one variable.") from None
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(name, nodelist)
