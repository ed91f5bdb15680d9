"""Words without markup take a short way to HTML, which leads to the same."""

import re
import sys
import unittest
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st

from memoryloop.markdown import portable

_CHARACTERS = "aAzé猫_019 ,.;:?!()%/'\"{}+-*#>|=~`[]&<$\\@\n\t"
_PIECES = ["www.", "http://", "mailto:", "xmpp:a", "{{c1::", "}}", "--", "1. ", "- ", "&amp;"]
_texts = st.lists(
    st.sampled_from(_PIECES) | st.text(_CHARACTERS, max_size=8) | st.text(max_size=2), max_size=8
).map("".join)


class PlainWordsTests(unittest.TestCase):
    @settings(max_examples=500, deadline=None)
    @given(_texts)
    @example("www.a.org")
    @example("See WWW.a.org or http://a.org")
    @example("a  b -- c \"d\" 'e' (f) {{c1::g::h}}")
    @example("a ")
    def test_the_short_way_leads_to_the_same(self, text: str) -> None:
        # The package has a function of the module's name.
        module = sys.modules["memoryloop.markdown.portable"]
        with mock.patch.object(module, "_PLAIN", re.compile("(?!)")):
            whole = portable(text)
        self.assertEqual(portable(text), whole)
