import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..models.outreach import registry
from ..models.outreach.discretion import fold

REMINDER = "Bonjour {first_name}, {amount} pour {service} chez {clinic}. {link} Merci."
ANY_VALUES = st.fixed_dictionaries(
    {name: st.text(max_size=30) for name in registry.VARIABLES}
)
# Text near what goes wrong, which plain random text seldom reaches.
HOSTILE = st.text(
    alphabet=st.sampled_from("{} .:/@कaK0219-eé\u200b\u00a0\ufeffhtpswmco"), max_size=24
)
HOSTILE_VALUES = st.fixed_dictionaries({name: HOSTILE for name in registry.VARIABLES})
ANY_SOURCE = st.lists(
    st.sampled_from(
        [f"{{{name}}}" for name in registry.VARIABLES] + ["{", "}", " ", "Hi ", "{x}"]
    )
    | st.text(max_size=12)
).map("".join)


@tagged("post_install", "-at_install")
class TestRegistryProperties(BaseCase):
    """On any Unicode: no brace, no foreign address, no blank variable leaves."""

    def assertSafe(self, source, given_values):
        try:
            text = registry.render(source, given_values)
        except registry.TemplateError:
            return
        self.assertNotRegex(text, "[{}]")
        rest = text.replace(registry.clean_value(given_values["link"]), " ")
        for sign in ("://", "www.", "@"):
            around = unicodedata.normalize("NFKC", rest).split(sign)
            self.assertFalse(
                len(around) > 1 and around[0][-1:].strip() and around[1][:1].strip()
            )
        for name in registry.find_variables(source):
            if name != "first_name":
                self.assertTrue(registry.clean_value(given_values[name]))
                self.assertIn(registry.clean_value(given_values[name]), text)

    @settings(derandomize=True, deadline=None, max_examples=400, database=None)
    @given(source=ANY_SOURCE, given_values=ANY_VALUES | HOSTILE_VALUES)
    def test_any_source_and_values_render_safe_or_raise(self, source, given_values):
        self.assertSafe(source, given_values)

    @settings(derandomize=True, deadline=None, max_examples=300, database=None)
    @given(given_values=ANY_VALUES | HOSTILE_VALUES)
    def test_good_source_never_leaves_a_hole(self, given_values):
        self.assertSafe(REMINDER, given_values)

    @settings(derandomize=True, deadline=None, max_examples=300, database=None)
    @given(
        name=st.text(max_size=25)
        | st.from_regex(r"[A-Za-zé.' -]{1,20}", fullmatch=True)
    )
    def test_first_name_is_letters_and_stable(self, name):
        safe = registry.safe_first_name(name)
        self.assertTrue(
            all(
                char in "-'\u200c\u200d" or unicodedata.category(char)[0] in "LM"
                for char in safe
            )
        )
        self.assertEqual(registry.safe_first_name(safe), safe)

    @settings(derandomize=True, deadline=None, max_examples=300, database=None)
    @given(text=st.text(max_size=40))
    def test_fold_is_stable_and_padded(self, text):
        folded = fold(text)
        self.assertEqual(fold(folded), folded)
        self.assertTrue(folded.startswith(" ") and folded.endswith(" "))

    @settings(derandomize=True, deadline=None, max_examples=200, database=None)
    @given(before=st.text(max_size=15), after=st.text(max_size=15))
    def test_denied_word_is_found_between_any_words(self, before, after):
        reasons = registry.check_source(f"{before} VIH {after}", ["vih"])
        self.assertIn("word", [reason.code for reason in reasons])
