"""Slots: named places in templates that the apps above fill with templates of their own.

A template marks the place with {% slot "chat.message" %}; an app fills it from AppConfig.ready. So
no template names one of an app above. What fills a slot is rendered with the context of the place,
in the order in which the apps filled it.
"""

_templates: dict[str, list[str]] = {}


def fill(slot: str, template_name: str) -> None:
    """Render a template in a slot. Filling a slot with the same template again changes nothing."""
    names = _templates.setdefault(slot, [])
    if template_name not in names:
        names.append(template_name)


def templates(slot: str) -> tuple[str, ...]:
    """Return the names of the templates in a slot, in order."""
    return tuple(_templates.get(slot, ()))
