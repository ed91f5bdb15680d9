"""The tags of the look: fields tied to their errors, icons, toasts with an Undo."""

from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.template import Context, Template, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory, SimpleTestCase
from django_htmx.middleware import HtmxDetails

from memoryloop.web.toasts import toast


class NoteForm(forms.Form):
    words = forms.CharField(help_text="As many as you like.", widget=forms.Textarea)
    name = forms.CharField(widget=forms.TextInput(attrs={"class": "wide"}))
    agreed = forms.BooleanField(label="I agree")


def _field(name: str, data: dict[str, str] | None = None) -> str:
    return render_to_string("_field.html", {"field": NoteForm(data)[name]})


class TagsTestCase(SimpleTestCase):
    def test_a_field_has_its_label_help_and_class(self) -> None:
        html = _field("words")
        self.assertInHTML('<label for="id_words">Words</label>', html)
        self.assertIn('class="textarea"', html)
        self.assertIn('aria-describedby="id_words_helptext"', html)
        self.assertIn('id="id_words_helptext"', html)
        self.assertNotIn("aria-invalid", html)
        self.assertIn('class="input wide"', _field("name"))

    def test_an_invalid_field_says_why_and_is_tied_to_it(self) -> None:
        html = _field("words", {"words": ""})
        self.assertIn('aria-invalid="true"', html)
        self.assertIn('aria-describedby="id_words_helptext id_words_error"', html)
        self.assertIn('id="id_words_error"', html)
        self.assertIn("This field is required.", html)

    def test_a_check_box_stands_before_its_label(self) -> None:
        html = _field("agreed")
        self.assertLess(html.index('type="checkbox"'), html.index("<label"))
        self.assertIn("field--check", html)

    def test_an_icon_is_hidden_from_screen_readers(self) -> None:
        html = Template('{% icon "chat" %}').render(Context())
        self.assertTrue(html.startswith("<svg"))
        self.assertIn('aria-hidden="true"', html)

    def test_an_icon_that_is_not_drawn_is_an_error(self) -> None:
        with self.assertRaises(TemplateDoesNotExist):
            Template('{% icon "unicorn" %}').render(Context())

    def test_capture_keeps_what_it_is_given_and_escapes_it_once(self) -> None:
        template = Template("{% capture x %} <b>{{ y }}</b> {% endcapture %}[{{ x }}]")
        self.assertEqual(template.render(Context({"y": "<i>"})), "[<b>&lt;i&gt;</b>]")
        with self.assertRaises(TemplateSyntaxError):
            Template("{% capture %}{% endcapture %}")


class ToastsTestCase(SimpleTestCase):
    def render(self, *, oob: bool = False, undo_url: str = "") -> str:
        request = RequestFactory().get("/cards/?q=rome")
        request.session = {}  # type: ignore[assignment]
        request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
        request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
        toast(request, "Card <b> deleted.", undo_url=undo_url)
        return render_to_string("_toasts.html", {"oob": oob}, request)

    def test_a_toast_shows_its_words_escaped(self) -> None:
        html = self.render()
        self.assertIn("Card &lt;b&gt; deleted.", html)
        self.assertNotIn("<form", html)
        self.assertNotIn("hx-swap-oob", html)

    def test_an_undo_is_a_form_that_knows_the_way_back(self) -> None:
        html = self.render(undo_url="/cards/1/restore/")
        self.assertIn('action="/cards/1/restore/"', html)
        self.assertIn('name="next" value="/cards/?q=rome"', html)
        self.assertIn("csrfmiddlewaretoken", html)

    def test_a_fragment_adds_it_to_those_that_are_there(self) -> None:
        self.assertIn('hx-swap-oob="beforeend:#toasts"', self.render(oob=True))
