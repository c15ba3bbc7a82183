from odoo.tests import BaseCase, tagged

from ..models.outreach import registry

DENY = [
    "cancer*",
    "HIV",
    "VIH",
    "IVG",
    "résultat*",
    "test",
    "dette*",
    "blood test",
    "कैंसर",
    "जाँच",
]
LABELS = ["Laboratory report", "Test fee"]
REMINDER = "Bonjour {first_name}, {amount} pour {service} chez {clinic}. {link} Merci."


def values(**changes):
    return registry.EXAMPLE_VALUES["en"] | changes


def codes(reasons):
    return {reason.code for reason in reasons}


@tagged("post_install", "-at_install")
class TestRegistrySource(BaseCase):
    """What a template may hold."""

    def assertRefused(self, code, *texts, **rules):
        for text in texts:
            with self.subTest(text=text):
                self.assertIn(code, codes(registry.check_source(text, **rules)))

    def assertPasses(self, *texts, **rules):
        for text in texts:
            with self.subTest(text=text):
                self.assertEqual(registry.check_source(text, **rules), [])

    def test_known_variables_pass(self):
        self.assertPasses(
            "Hi {first_name}, {amount} to {clinic} by {due_date} ({reference}): {link}"
        )

    def test_unknown_variable_is_refused_with_its_name(self):
        reasons = registry.check_source("Hello {name}")
        self.assertEqual(
            [(reason.code, reason.detail) for reason in reasons], [("unknown", "name")]
        )

    def test_format_syntax_is_no_variable(self):
        self.assertRefused(
            "unknown", "{0}", "{clinic!r}", "{clinic.id}", "{amount:>9}", "{}", "{ }"
        )

    def test_unbalanced_brace_is_refused(self):
        self.assertRefused(
            "brace", "Hi {clinic", "Hi clinic}", "Hi {{clinic}}", "Hi }{"
        )

    def test_address_is_refused(self):
        self.assertRefused(
            "address",
            *(
                "See https://pay.example/x",
                "see www.pay.test",
                "pay.com now",
                "bit.ly/x",
            ),
            *(
                "SEE PAY.COM",
                "ftp://a",
                "write to us@clinic",
                "upi:me@bank",
                "tel:12",
                "10.0.0.1",
            ),
            *("ｗｗｗ．evil．com", "evil。com", "ev\u200bil.com", "पैसा.भारत"),
        )

    def test_long_number_is_refused(self):
        self.assertRefused(
            "number",
            "Call 01 23 45 67 89",
            "+91-987-654-321",
            "pin 123 456",
            "call (01) 234.567",
        )
        self.assertRefused(
            "code", "१२३४५"
        )  # five digits of any script have CPT's shape

    def test_hours_and_days_pass(self):
        self.assertPasses(
            "Within 48 h", "in 15 days", "24/7", "30 % of it", "2 x 3 times"
        )

    def test_medical_and_billing_codes_are_refused(self):
        self.assertRefused(
            "code",
            *(
                "K02.1 seen",
                "icd k02.1",
                "U07.1",
                "HBMD038",
                "hbmd038.",
                "D1110",
                "J1885",
            ),
            *(
                "CPT 99213",
                "0001F",
                "LOINC 1234-5",
                "(2345-7)",
                "AMI 3",
                "spm30",
                "6A70.1",
            ),
        )

    def test_formal_notice_may_cite_articles_only(self):
        cited = (
            "au sens de l'article 1344 du Code civil (article 1344-1) et article L111-8"
        )
        self.assertPasses(cited, formal=True)
        self.assertRefused("code", cited)
        self.assertRefused("code", "article 1 HBMD038", formal=True)

    def test_denied_words_are_found_whatever_case_and_accents(self):
        self.assertRefused(
            "word",
            *(
                "Cancer visit",
                "your CANCÉROLOGIE",
                "vih",
                "I.V.G.",
                "HIV1",
                "Resultats",
                "RÉSULTAT",
            ),
            *(
                "l'IVG",
                "blood-test",
                "Blood  Test",
                "कैंसर जाँच",
                "आपकी जांच",
                "H\u200bIV",
                "ＨＩＶ",
            ),
            deny_words=DENY,
        )

    def test_denied_words_match_whole_words(self):
        self.assertPasses("a contest, attested", "hived off", "जाँचना", deny_words=DENY)

    def test_approved_label_passes_and_its_words_do_not_alone(self):
        rules = {"deny_words": DENY, "approved_labels": LABELS}
        self.assertPasses("Your test fee is due", **rules)
        self.assertRefused("word", "Your test is due", "test fee and test", **rules)

    def test_variable_needs_room(self):
        self.assertRefused(
            "glued",
            "x{clinic}",
            "{clinic}x",
            "{clinic}{link}",
            "{link}.evil",
            "evil/{link}",
            "@{clinic}",
        )
        self.assertPasses(
            "chez {clinic}.", "({reference}).", "d'{clinic}", "“{clinic}”"
        )

    def test_first_name_needs_a_greeting(self):
        self.assertRefused("greeting", "{first_name}, hello", "Note\n {first_name}")

    def test_subject_tells_who_writes_and_no_more(self):
        self.assertEqual(registry.check_subject("Invoice {reference} – {clinic}"), [])
        for name in (
            "amount",
            "service",
            "first_name",
            "link",
            "appointment",
            "due_date",
        ):
            found = registry.check_subject(f"Hello {{{name}}}")
            self.assertEqual(codes(found), {"subject"}, name)

    def test_placement_for_messaging_providers(self):
        refused = (
            "{clinic} says",
            "Pay {link}",
            "Hi {amount} {link} now",
            "Hi {amount}, {link} now",
        )
        for text in refused:
            self.assertTrue(registry.check_placement(text), text)
        self.assertEqual(registry.check_placement("Hi {amount} here {link} now"), [])

    def test_reason_reads_as_a_sentence(self):
        [reason] = registry.check_source("Hello {name}")
        self.assertEqual(reason, "unknown variable “name”")


@tagged("post_install", "-at_install")
class TestRegistryRendered(BaseCase):
    """What may leave."""

    def render(self, source=REMINDER, **changes):
        return registry.render(source, values(**changes), DENY, LABELS)

    def assertHeld(self, code, source=REMINDER, **changes):
        with self.assertRaises(registry.TemplateError) as caught:
            self.render(source, **changes)
        self.assertIn(code, codes(caught.exception.reasons))

    def test_fill_replaces_each_variable(self):
        text = registry.fill("{clinic}: {amount}, {clinic}", values(amount="Rs 5"))
        self.assertEqual(text, "Riverside Clinic: Rs 5, Riverside Clinic")

    def test_value_is_not_substituted_again(self):
        text = registry.fill(
            "At {clinic} for {service}", values(clinic="{service} {link}")
        )
        self.assertEqual(text, "At service link for Consultation fee")

    def test_spaces_of_amounts_are_ordinary(self):
        text = registry.fill("{amount}", values(amount="-\ufeff1\u202f234,00\u00a0€"))
        self.assertEqual(text, "-1 234,00 €")

    def test_blank_value_is_refused(self):
        for blank in ("", None, "  ", "\u200b", "\u3164", "{}", "\n"):
            with self.subTest(blank=blank):
                self.assertHeld("missing", service=blank)

    def test_filling_alone_refuses_holes(self):
        for source in ("Pay {amount} now", "Pay {price} now"):
            with self.assertRaises(registry.TemplateError):
                registry.fill(source, {"amount": ""})

    def test_unused_blank_value_does_not_matter(self):
        self.assertIn("Riverside", self.render(reference="", appointment=None))

    def test_greeting_without_a_name(self):
        greetings = {
            "Hi {first_name}, note": "Hi, note",
            "Bonjour {first_name}, note": "Bonjour, note",
            "नमस्ते {first_name} जी, याद": "नमस्ते जी, याद",
            "Namaste {first_name} ji, yaad": "Namaste ji, yaad",
        }
        for source, expected in greetings.items():
            self.assertEqual(
                registry.fill(source, {"first_name": "w1n bit.ly/x"}), expected
            )

    def test_neutral_first_name_for_each_language(self):
        for language, _name in registry.LANGUAGES:
            self.assertTrue(registry.neutral_first_name(language).strip())
        self.assertEqual(
            registry.neutral_first_name("xx"), registry.neutral_first_name("en")
        )

    def test_first_name_never_trips(self):
        for name in ("Cancer", "Vih", "Test", "Dette"):
            with self.subTest(name=name):
                self.assertIn(name, self.render(first_name=name))

    def test_first_name_hides_nothing_else(self):
        self.assertHeld("word", first_name="Cancer", service="Cancer visit")

    def test_service_with_code_or_denied_word_is_held(self):
        for service in ("Care K02.1", "HBMD038", "Visit D1110", "99213", "1234-5"):
            self.assertHeld("code", service=service)
        self.assertHeld("word", service="Suivi cancérologie")
        self.assertHeld("word", service="रक्त जाँच")

    def test_approved_label_passes(self):
        self.assertIn("Laboratory report", self.render(service="Laboratory report"))
        self.assertIn("Test fee", self.render(service="Test fee"))

    def test_clinic_must_be_neutral(self):
        self.assertHeld("word", clinic="Centre VIH Nord")

    def test_own_figures_do_not_look_like_codes(self):
        figures = {
            "amount": "99213 EUR",
            "due_date": "2026-1-5",
            "reference": "FACT001",
            "appointment": "2026-1-5 10:30 (UTC+1)",
            "link": "https://pay.example/p/K02.1-D1110-HIV",
        }
        source = (
            "Bonjour, {amount} ({reference}) le {due_date} {appointment} : {link} !"
        )
        self.assertIn("FACT001", self.render(source, **figures))

    def test_revealing_journal_code_is_held(self):
        for reference in ("HIV/2026/00042", "HIV1/2026/1", "ivg-12"):
            self.assertHeld("word", "Ref. {reference} noted", reference=reference)

    def test_appointment_holds_no_code(self):
        self.assertHeld(
            "code", "On {appointment} then", appointment="12 Jan 10:30 HBMD038"
        )

    def test_address_other_than_the_link_is_held(self):
        self.assertHeld("address", clinic="evil.com")
        self.assertHeld("address", service="see https://evil.example/x")
        self.assertHeld("address", "Go to {link} or www.evil.test now")

    def test_rendered_brace_is_held(self):
        self.assertIn("brace", codes(registry.check_rendered("Hi {x", values())))
        self.assertHeld("brace", "Hi {{clinic}} there")

    def test_check_rendered_names_blank_value(self):
        reasons = registry.check_rendered("Pay now", {"amount": " "})
        self.assertEqual(codes(reasons), {"missing"})

    def test_all_reasons_are_given(self):
        with self.assertRaises(registry.TemplateError) as caught:
            self.render(service="Test K02.1", clinic="evil.com")
        self.assertEqual(codes(caught.exception.reasons), {"word", "code", "address"})
        self.assertIn("K02.1", str(caught.exception))


@tagged("post_install", "-at_install")
class TestFirstName(BaseCase):
    def test_usable_names(self):
        names = {
            "Marie": "Marie",
            "Jean-Pierre Martin": "Jean-Pierre",
            "DUPONT Marie": "Marie",
            "MARIE": "MARIE",
            "K. Ramesh": "Ramesh",
            "Dr. Anita Rao": "Anita",
            "D’Arcy": "D'Arcy",
            "Élodie": "Élodie",
            "अनीता शर्मा": "अनीता",
            "श्री रमेश": "रमेश",
        }
        for name, expected in names.items():
            with self.subTest(name=name):
                self.assertEqual(registry.safe_first_name(name), expected)

    def test_anything_else_greets_without_a_name(self):
        for name in (
            "",
            None,
            "Jean2",
            "bit.ly/x",
            "a@b",
            "{link}",
            "--",
            "x" * 21,
            "Dr.",
            "😀",
            "R",
        ):
            with self.subTest(name=name):
                self.assertEqual(registry.safe_first_name(name), "")
