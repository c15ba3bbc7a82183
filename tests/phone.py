"""A patient's browser: real Chromium, real clicks, at the width of an old phone.

The test server answers only while a test expects it: everything a visitor does goes on
within `Phone`, whose address and cookie the server knows.
"""

import contextlib
import resource

from playwright.sync_api import expect, sync_playwright

PHONE = {"width": 360, "height": 640}
DESKTOP = {"width": 1280, "height": 800}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 20_000  # milliseconds


@contextlib.contextmanager
def unlimited_memory():
    """Chromium reserves more addresses than Odoo allows its own processes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Phone:
    """One visitor with a window of that size."""

    def __init__(self, case, size):
        self.case = case
        self.size = size

    @contextlib.contextmanager
    def opened(self, path):
        """Open a page in a browser with an empty past; close it whatever happens."""
        self.case.env.flush_all()
        with (
            self.case.allow_requests(all_requests=True),
            unlimited_memory(),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=ARGUMENTS
            )
            self.page = browser.new_page(viewport=self.size, locale="en-US")
            self.page.set_default_timeout(PATIENCE)
            self.watch()
            try:
                self.open(path)
                yield self
                self.case.assertEqual(self.complaints, [])
            finally:
                browser.close()
                self.case._wait_remaining_requests()
        self.case.env.invalidate_all()

    def watch(self):
        """Note a script's errors, and requests that leave for another server."""
        self.complaints = []
        home = self.case.base_url()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request",
            lambda request: request.url.startswith((home, "data:", "blob:"))
            or self.complaints.append(request.url),
        )

    def open(self, path):
        """Open a page of the clinic."""
        self.page.goto(self.case.base_url() + path)
        self.check_width()

    def click(self, text):
        """Click the one button or link of that name."""
        button = self.page.get_by_role("button", name=text)
        link = self.page.get_by_role("link", name=text)
        button.or_(link).first.click()

    def unfold(self, text):
        """Open a part of the page that is folded."""
        self.page.locator("summary", has_text=text).click()

    def fill(self, label, text):
        """Write into the field of that label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, text):
        """Wait until the page says so."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=PATIENCE)
        self.check_width()

    def misses(self, text):
        """Be sure that the page does not say so."""
        expect(self.page.locator("body")).not_to_contain_text(text)

    def check_width(self):
        """Nothing of the page is wider than the screen; the header is core's."""
        wide = self.page.evaluate(
            """() => [...document.querySelectorAll("main *")]
                .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
                .map(e => e.tagName + "." + e.className)"""
        )
        self.case.assertEqual(wide, [], self.page.url)
