"""The zone that files are dropped on: one template part, and no bare file field beside it."""

import re
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.test import SimpleTestCase

TEMPLATES = Path(settings.BASE_DIR) / "templates"
FILE_FIELD = re.compile(r"<input\b[^>]*type=\"file\"[^>]*>")


class DropZoneTests(SimpleTestCase):
    def test_its_field_has_a_label_a_description_and_an_error(self) -> None:
        given = {"label": "A text", "accept": ".txt", "help": "Up to 20 MB."}
        zone = render_to_string("_drop_zone.html", given)
        self.assertRegex(zone, r'(?s)<label [^>]*for="file">.*<span>A text</span></label>')
        self.assertRegex(zone, r'<input [^>]*id="file" name="file" accept=".txt"')
        self.assertIn('aria-describedby="file-help"', zone)
        self.assertRegex(zone, r'(?s)id="file-help">.*Up to 20 MB.</p>')
        self.assertNotIn("aria-invalid", zone)
        refused = render_to_string("_drop_zone.html", {**given, "error": "It is empty."})
        self.assertIn('aria-describedby="file-help file-error" aria-invalid="true"', refused)

    def test_no_template_has_a_bare_file_field(self) -> None:
        for path in TEMPLATES.rglob("*.html"):
            for field in FILE_FIELD.findall(path.read_text()):
                with self.subTest(path.name):
                    # One that is hidden belongs to a label that looks like a button.
                    self.assertRegex(field, 'class="(drop-zone-input|visually-hidden)"')

    def test_no_template_has_a_bare_group_of_fields(self) -> None:
        for path in TEMPLATES.rglob("*.html"):
            for group in re.findall(r"<fieldset[^>]*>", path.read_text()):
                with self.subTest(path.name):
                    self.assertIn("class=", group)
