from odoo import http
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount

from .page import HEADERS, PatientPage

LINK_DAYS = 1


class ClinicPortal(PatientPage, PortalAccount):
    """The account of a patient who is logged in."""

    @http.route("/my/clinic", type="http", auth="user", methods=["GET"], website=True)
    def my_clinic(self, **_kwargs):
        """Show the balance, the bills and the payments of each clinic."""
        partner = self._get_patient()
        clinics = request.env["clinic.link"]._get_clinics_of(partner)
        accounts = [self._get_account(partner, company) for company in clinics]
        values = {"accounts": accounts, "page_name": "clinic"}
        response = request.render("clinic_dunning.portal_my_clinic", values)
        response.headers.update({**HEADERS, "Referrer-Policy": "same-origin"})
        return response

    @http.route(
        "/my/clinic/open", type="http", auth="user", methods=["POST"], website=True
    )
    def my_clinic_open(self, company_id="", **_kwargs):
        """Go to the pay page by a link of one day, its details already open."""
        company, partner = self._get_clinic(company_id), self._get_patient()
        link, url = request.env["clinic.link"]._issue(partner, company, days=LINK_DAYS)
        self._note_unlocked(link)
        return request.redirect(f"/p/{url.rpartition('/')[2]}/details")

    @http.route(
        "/my/clinic/statement/<string:company_id>",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def my_clinic_statement(self, company_id, **_kwargs):
        """Download the statement of account, by a form: the download is logged."""
        if request.httprequest.method != "POST":
            return request.redirect("/my/clinic")
        company, partner = self._get_clinic(company_id), self._get_patient()
        case = (
            request.env["clinic.followup.case"].sudo()._get_or_create(partner, company)
        )
        report = request.env["ir.actions.report"].sudo()
        content, _kind = report._render_qweb_pdf(
            "clinic_dunning.action_report_statement", case.ids
        )
        request.env["clinic.access.log"]._note(partner, company, "document")
        headers = {
            "Content-Type": "application/pdf",
            "Content-Disposition": 'attachment; filename="statement.pdf"',
            "Cache-Control": "no-store",
        }
        return request.make_response(content, headers=list(headers.items()))

    @http.route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        """Go to the account: core's page asks for what was paid already, too."""
        return request.redirect("/my/clinic")

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "clinic_count" in counters:
            clinics = request.env["clinic.link"]._get_clinics_of(self._get_patient())
            values["clinic_count"] = len(clinics)
        return values

    def _get_account(self, partner, company):
        """Return what the page shows of one clinic."""
        lang = request.env.lang
        link = request.env["clinic.link"]._get_virtual(partner, company)
        link = link.with_context(lang=lang)
        return {
            "company_id": company.id,
            "history": link._get_history(lang),
            "granted": link._get_granted(),
            **link._get_details(lang),
        }

    def _get_patient(self):
        return request.env.user.partner_id

    def _get_clinic(self, company_id):
        """Return the clinic with that id that this person has an account in."""
        clinics = request.env["clinic.link"]._get_clinics_of(self._get_patient())
        clinic = clinics.filtered(lambda company: str(company.id) == company_id)
        if not clinic:
            raise request.not_found()
        return clinic
