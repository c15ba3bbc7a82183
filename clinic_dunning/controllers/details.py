from datetime import date
from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .page import POSTS_PER_MINUTE, VIEWS_PER_MINUTE, PatientPage

TRIES_PER_HOUR = 20
CODES_PER_HOUR = 5


class ClinicDetails(PatientPage, http.Controller):
    """What is behind the second factor: items, documents, wishes, choices."""

    @http.route(
        "/p/<string:secret>/details",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def details(self, secret, lang=None, done=None, **_kwargs):
        """Ask for the birth date, or show the items."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        return self._show_details(link, secret, lang, done=done)

    @http.route(
        "/p/<string:secret>/unlock",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def unlock(self, secret, birth_date="", code="", lang=None, **_kwargs):
        """Open the details for a quarter of an hour; all failures answer alike."""
        if not self._allows("unlock", secret, TRIES_PER_HOUR, 3600, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        is_right = link._unlock_by_code(code) if code else link._unlock(birth_date)
        if not is_right:
            return self._show_details(link, secret, lang, wrong=True, status=422)
        self._note_unlocked(link)
        request.env["clinic.access.log"]._note(link.partner_id, link.company_id, "page")
        return self._to_details(secret, lang)

    @http.route(
        "/p/<string:secret>/code",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def code(self, secret, lang=None, **_kwargs):
        """Send a code another way than the link came; the answer is always the same."""
        if not self._allows("code", secret, CODES_PER_HOUR, 3600, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        link._request_code()
        return self._show_details(link, secret, lang, code_sent=True)

    @http.route(
        "/p/<string:secret>/tell/<string:what>",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def tell(self, secret, what, lang=None, **post):
        """Take a promise, a wish, a problem or a choice."""
        if not self._allows("tell", secret, POSTS_PER_MINUTE, when_broken=False):
            return self._too_many()
        link = self._find_link(secret)
        act = getattr(self, f"_tell_{what}", None)
        if not link or not act:
            return self._not_found()
        if not self._is_unlocked(link):
            return self._to_details(secret, lang)
        link = link.with_context(lang=link._get_lang(lang))
        try:
            answer = act(link, post)
        except UserError as error:
            return self._show_details(
                link, secret, lang, error=error.args[0], status=422
            )
        return answer or self._to_details(secret, lang, what)

    @http.route(
        "/p/<string:secret>/invoice/<int:move_id>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def invoice(self, secret, move_id, **_kwargs):
        """Download a bill that the person may read."""
        if not self._allows("view", secret, VIEWS_PER_MINUTE):
            return self._too_many()
        link = self._find_link(secret)
        if not link:
            return self._not_found()
        if not self._is_unlocked(link):
            return self._to_details(secret, None)
        move = link._get_readable_moves().filtered(lambda move: move.id == move_id)
        return self._download(move) if move else self._not_found()

    # -- wishes --------------------------------------------------------------------

    def _tell_promise(self, link, post):
        currency = self._get_first_currency(link)
        link.env["clinic.promise"]._make(link, currency, self._get_day(post))

    def _tell_problem(self, link, post):
        chosen = request.httprequest.form.getlist("move")
        link._report_problem(chosen, post.get("problem"))

    def _tell_paid(self, link, _post):
        link._report_paid()

    def _tell_choices(self, link, _post):
        names = request.httprequest.form.getlist("choice")
        link._set_choices(names, request.httprequest.remote_addr)

    def _tell_policy(self, link, _post):
        link.env["clinic.policy.acceptance"]._accept(
            link.partner_id,
            link.company_id,
            link.env.lang,
            request.httprequest.remote_addr,
        )

    # -- helpers -----------------------------------------------------------------------

    def _get_day(self, post):
        """Return the date that was chosen, or None."""
        try:
            return date.fromisoformat(post.get("date", ""))
        except ValueError:
            return None

    def _get_first_currency(self, link):
        known = link._get_statement().currency_ids
        return link.env["res.currency"].browse(known[:1]) or link.company_id.currency_id

    def _to_details(self, secret, lang, done=None):
        query = {"lang": (lang or "")[:2], "done": done or ""}
        return request.redirect(f"/p/{secret}/details?{urlencode(query)}")

    def _download(self, move):
        """Return core's PDF of the invoice under a neutral name."""
        report = request.env["ir.actions.report"].sudo()
        content, _kind = report._render_qweb_pdf(
            "account.account_invoices", [move.id], data={"report_type": "pdf"}
        )
        request.env["clinic.access.log"]._note(
            move.clinic_patient_id or move.partner_id, move.company_id, "document"
        )
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Disposition", 'attachment; filename="bill.pdf"'),
                ("Cache-Control", "no-store"),
                ("X-Robots-Tag", "noindex, nofollow"),
            ],
        )
