"""The patients' pages for who hears them, reads badly or has no mouse."""

from phone import PHONE
from tour import TourCase

from odoo.tests import tagged

# What is wrong with a page, as a list of words. Core's own parts are judged apart.
AUDIT = """(lang) => {
    const wrong = [];
    const seen = (e) => e.checkVisibility({visibilityProperty: true});
    const all = (css) => [...document.querySelectorAll(css)].filter(seen);
    const name = (e) =>
        (e.getAttribute("aria-label") || e.innerText || e.alt || e.title || "").trim();
    const show = (e) => e.outerHTML.slice(0, 90);
    if (document.documentElement.lang.slice(0, 2) !== lang)
        wrong.push("language " + document.documentElement.lang);
    if (!document.title.trim()) wrong.push("no title");
    if (all("main").length !== 1) wrong.push("main landmarks: " + all("main").length);
    if (all("main h1").length !== 1) wrong.push("h1: " + all("main h1").length);
    const levels = all("main h1, main h2, main h3, main h4").map((e) => +e.tagName[1]);
    levels.reduce((last, level) => {
        if (level > last + 1) wrong.push("heading jumps to h" + level);
        return level;
    }, 0);
    for (const e of all("main input, main select, main textarea"))
        if (!(e.labels.length && name(e.labels[0])) && !e.getAttribute("aria-label"))
            wrong.push("no label: " + show(e));
    for (const e of all("main button, main a, main summary"))
        if (!name(e)) wrong.push("no name: " + show(e));
    for (const e of all("main img:not([alt])")) wrong.push("no alt: " + show(e));
    for (const e of all("[tabindex]"))
        if (e.tabIndex > 0) wrong.push("tabindex: " + show(e));
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place)))
        wrong.push("id twice: " + id);
    const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (color) => {
        const [r, g, b] = color.slice(0, 3).map((c) =>
            c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (e) => {
        for (; e; e = e.parentElement) {
            const color = numbers(getComputedStyle(e).backgroundColor);
            if (color.length === 3 || color[3] > 0.99) return color;
        }
        return [255, 255, 255];
    };
    for (const e of all("main *")) {
        const texts = [...e.childNodes].filter((node) => node.nodeType === 3);
        const own = texts.some((node) => node.textContent.trim());
        if (!own || e.disabled || e.closest("[disabled]")) continue;
        const style = getComputedStyle(e);
        const pair = [light(numbers(style.color)), light(ground(e))];
        pair.sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
        const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
        if (ratio < (large ? 3 : 4.5))
            wrong.push("contrast " + ratio.toFixed(1) + ": " + show(e));
    }
    for (const e of all("main button, main select, main input:not([type=checkbox])"))
        if (e.getBoundingClientRect().height < 24) wrong.push("too small: " + show(e));
    return wrong;
}"""
FOCUSED = """() => {
    const e = document.activeElement;
    const style = getComputedStyle(e);
    const list = [...document.querySelectorAll("*")];
    return [list.indexOf(e), e.closest("main") !== null, style.outlineStyle !== "none"];
}"""


@tagged("post_install", "-at_install")
class TestPayReader(TourCase):
    size = PHONE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("fr_FR", "hi_IN"):
            cls.env["res.lang"]._activate_lang(code)

    def audit(self, phone, lang):
        self.assertEqual(phone.page.evaluate(AUDIT, lang), [], phone.page.url)

    def test_every_page_is_read_aloud_in_each_language(self):
        self.company.clinic_followup_policy_id.payment_policy_text = "<p>Pay.</p>"
        for lang in ("en", "fr", "hi"):
            self.patient.lang = self.link._get_lang(lang)
            self._make_invoice(100.0)
            with self.subTest(lang), self.visit(f"{self.path}?lang={lang}") as phone:
                self.walk(phone, lang)

    def walk(self, phone, lang):
        """Go through all pages by the keys and forms that do not depend on words."""
        page = phone.page
        for fold in page.locator("summary").all():
            fold.click()
        self.audit(phone, lang)
        phone.open(f"{self.path}/details?lang={lang}")
        self.audit(phone, lang)
        page.locator("#birth_date").fill("1999-09-09")
        page.locator(".pay").first.click()
        page.locator("[role=alert]").wait_for()
        self.audit(phone, lang)
        page.locator("#birth_date").fill("1980-05-12")
        page.locator(".pay").first.click()
        page.locator("input[name=item]").first.wait_for()
        for fold in page.locator("summary").all():
            fold.click()
        self.audit(phone, lang)
        page.locator("input[name=item]").first.check()
        page.locator("form.card .pay").click()
        page.locator("#customer_input").fill("4242 4242 4242 4242")
        self.assertEqual(
            [
                text
                for text in page.evaluate(AUDIT, lang)
                if text.startswith(("h1", "lang"))
            ],
            [],
        )
        page.locator("button[name=o_payment_submit_button]").click()
        page.locator(".tick").wait_for()
        self.audit(phone, lang)
        phone.open(f"{self.path[:-3]}?lang={lang}")
        self.audit(phone, lang)

    def test_keyboard_alone_goes_through_the_page_and_pays(self):
        self._make_invoice(100.0)
        with self.visit() as phone:
            places = []
            for _time in range(9):
                phone.page.keyboard.press("Tab")
                place, is_inside, is_seen = phone.page.evaluate(FOCUSED)
                if not is_inside:
                    break
                self.assertTrue(
                    is_seen, phone.page.evaluate("document.activeElement.outerHTML")
                )
                places.append(place)
            self.assertEqual(places, sorted(places))
            self.assertGreater(len(places), 5)
            phone.page.locator("button.pay").focus()
            phone.page.keyboard.press("Enter")
            phone.sees("You pay")
            phone.page.locator("#customer_input").focus()
            phone.page.keyboard.type("4242 4242 4242 4242")
            phone.page.locator("button[name=o_payment_submit_button]:enabled").focus()
            phone.page.keyboard.press("Enter")
            phone.sees("Thank you, your payment has arrived.")
