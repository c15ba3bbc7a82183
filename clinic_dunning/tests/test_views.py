import re

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import days_ago, level
from .desk import DeskCase

DESK_ACTIONS = (
    "clinic_followup_case_action",
    "clinic_followup_case_action_call",
    "clinic_followup_case_action_problems",
    "clinic_message_action",
    "clinic_message_action_problems",
    "clinic_letter_action",
    "clinic_desk_receipt_action",
)


@tagged("post_install", "-at_install")
class TestViews(DeskCase):
    def search_cases(self, text, user=None):
        cases = self.env["clinic.followup.case"].with_user(user or self.desk)
        return cases.with_context(allowed_company_ids=self.company.ids).search(
            [("caller", "ilike", text)]
        )

    def get_specification(self, model, mode):
        """Return what the browser asks for to show a view: its fields, as nested."""
        arch = etree.fromstring(model.get_view(view_type=mode)["arch"])
        return self.read_specification(model, arch)

    def read_specification(self, model, node):
        names = {}
        for field in node.xpath(".//field[@name]"):
            if next(field.iterancestors("field", "form", "list", "kanban")) != node:
                continue
            kind = model._fields[field.get("name")]
            names[field.get("name")] = {}
            if kind.type == "many2one":
                names[field.get("name")] = {"fields": {"display_name": {}}}
            elif field.find("list") is not None:
                rows = self.read_specification(
                    model.env[kind.comodel_name], field.find("list")
                )
                names[field.get("name")] = {"fields": rows}
        return names

    def read_form(self, case):
        """Read a case as the browser does to open its form."""
        specification = self.get_specification(case.browse(), "form")
        self.assertIn("items_html", specification)
        return case.web_read(specification)[0]

    # -- each screen opens for the lowest role ----------------------------------------

    def test_every_action_opens_for_the_front_desk(self):
        self.create_invoice()
        self.create_policy()
        self.remind()
        for name in DESK_ACTIONS:
            action = self.env.ref(f"clinic_dunning.{name}")
            model = self.env[action.res_model].with_user(self.desk)
            with self.subTest(action=name):
                for mode in action.view_mode.split(","):
                    model.get_views([(False, mode), (False, "search")])
                specification = self.get_specification(model, "list")
                model.web_search_read([], specification, limit=5)

    def test_front_desk_reads_the_whole_case(self):
        self.create_invoice(amount=75.0)
        values = self.read_form(self.case_as(self.desk))
        self.assertEqual(values["amount_overdue"], 75.0)
        amount = self.company.currency_id.format(75.0)
        self.assertIn(amount, values["items_html"])

    def test_case_form_opens_as_front_desk_and_officer(self):
        self.create_invoice()
        for user in (self.desk, self.officer, self.manager):
            with Form(self.case_as(user)) as form:
                form.responsible_id = user
            self.assertEqual(self.case_of().responsible_id, user)

    def test_every_action_helps_when_it_is_empty(self):
        actions = self.env["ir.actions.act_window"].search(
            [("res_model", "=like", "clinic.%"), ("target", "=", "current")]
        )
        self.assertGreater(len(actions), 10)
        for action in actions:
            with self.subTest(action=action.name):
                self.assertIn("o_view_nocontent", action.help or "")

    # -- finding the caller ------------------------------------------------------------

    def test_caller_is_found_by_name_phone_or_birth_date(self):
        self.patient.write({"phone": "+33142685311", "clinic_birth_date": "1984-05-07"})
        self.create_invoice(self.create_patient("Max Roy"))
        case = self.case_of()
        for text in (
            *("diaz", "Ana", "01 42 68 53 11", "+33 1 42 68 53 11", "685311"),
            *("07/05/1984", "1984-05-07", "07.05.1984"),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.search_cases(text), case)
        self.assertFalse(self.search_cases("08/05/1984"))

    def test_caller_is_found_by_the_name_of_a_dependant(self):
        self.create_patient("Eve Petit", clinic_guarantor_id=self.patient.id)
        case = self.case_of()
        self.assertEqual(self.search_cases("petit"), case)

    def test_case_is_found_by_the_number_of_an_invoice(self):
        invoice = self.create_invoice()
        case = self.case_of()
        cases = self.env["clinic.followup.case"].with_user(self.desk)
        self.assertEqual(cases.search([("invoice_number", "=", invoice.name)]), case)

    def test_largest_overdue_comes_first(self):
        partners = [
            self.create_patient(name) for name in ("Lo Bas", "Hi Haut", "No Rien")
        ]
        for partner, amount in zip(partners, (10.0, 90.0), strict=False):
            self.create_invoice(partner, amount)
        cases = [self.case_of(partner) for partner in partners]
        found = self.env["clinic.followup.case"].search(
            [("partner_id", "in", [partner.id for partner in partners])],
            order="amount_overdue desc",
        )
        self.assertEqual(list(found), [cases[1], cases[0], cases[2]])

    def test_tabs_of_the_work_list(self):
        self.create_invoice()
        self.create_policy(level(mode="approval"))
        self.remind()
        cases = self.env["clinic.followup.case"].with_user(self.desk)
        arch = cases.get_view(view_type="search")["arch"]
        for name in ("call_today", "to_approve", "problems", "overdue", "paused"):
            self.assertIn(f'name="{name}"', arch)
        pending = [("state", "=", "queued"), ("approval", "=", "pending")]
        found = cases.search([("message_out_ids", "any", pending)])
        self.assertEqual(found, self.case_of())

    def test_letters_and_replies_have_their_filter(self):
        self.create_invoice()
        self.create_policy(level(route="letter", topic="repeat"))
        self.remind()
        self.drain()
        self.env.invalidate_all()
        case = self.case_as(self.desk)
        asking = self.case_as(self.desk, self.create_patient())
        asking._ask_staff("Question about a bill", "I don't know this bill")
        found = {
            name: case.search(self.get_filter_domain(name))
            for name in ("letters", "replies", "call_today")
        }
        self.assertEqual(
            found, {"letters": case, "replies": asking, "call_today": case.browse()}
        )
        dialog = self.open_dialog(asking, "action_log_call")
        dialog.outcome = "insurer"
        dialog.save().action_save()
        self.assertFalse(case.search(self.get_filter_domain("replies")))

    def get_filter_domain(self, name):
        arch = self.env["clinic.followup.case"].get_view(view_type="search")["arch"]
        node = etree.fromstring(arch).find(f".//filter[@name='{name}']")
        return safe_eval(node.get("domain"), {"uid": self.desk.id})

    def test_why_now_says_what_waits_for_somebody(self):
        people = [self.patient] + [
            self.create_patient(name) for name in ("Lo Bas", "Hi Haut", "No Rien")
        ]
        for person in people[:3]:
            self.create_invoice(person)
        self.create_policy(level("Ring", route="call"), level("Later", 90))
        self.remind()
        self.drain()
        self.env.invalidate_all()
        self.create_invoice(people[3])
        people[2].with_company(self.company).clinic_followup_mode = "manual"
        self.case_of(people[2]).message_out_ids._cancel("Else")
        self.remind()
        self.case_as(self.desk, people[1])._ask_staff("Asks for instalments", "3")
        cases = self.env["clinic.followup.case"].with_user(self.desk)
        texts = [self.case_as(self.desk, person).why_now for person in people]
        self.assertEqual(texts[0], "“Ring”: Phone call (to call)")
        self.assertEqual(texts[1], "Asks for instalments")
        self.assertEqual(texts[2], "“Ring”: waits for approval")
        self.assertIn("Next: “Later”", texts[3])
        self.assertEqual(len(cases.search([("is_call_due", "=", True)])), 2)

    def test_board_has_a_column_for_everybody_at_the_desk(self):
        self.create_invoice()
        case = self.case_as(self.desk)
        groups = case.with_context(read_group_expand=True).web_read_group(
            [("id", "=", case.id)], ["responsible_id"]
        )["groups"]
        columns = {
            group["responsible_id"] and group["responsible_id"][0] for group in groups
        }
        self.assertEqual(columns, {False, self.desk.id, self.officer.id})

    def test_board_opens_the_column_of_nobody(self):
        self.create_invoice()
        case = self.case_as(self.desk)
        groups = case.with_context(read_group_expand=True).web_read_group(
            [("id", "=", case.id)],
            ["responsible_id"],
            auto_unfold=True,
            unfold_read_specification={"partner_id": {}},
        )["groups"]
        nobody = [group for group in groups if not group["responsible_id"]]
        self.assertEqual(nobody[0]["__records"][0]["id"], case.id)

    # -- access log --------------------------------------------------------------------

    def test_opening_a_case_is_logged_once_a_day(self):
        case = self.case_as(self.desk)
        logs = self.env["clinic.access.log"]
        domain = [("partner_id", "=", self.patient.id), ("what", "=", "case")]
        for _time in range(2):
            self.read_form(case)
        self.assertEqual(logs.search(domain).user_id, self.desk)
        self.go_to("2026-03-11 09:00:00")
        self.read_form(case)
        self.assertEqual(logs.search_count(domain), 2)

    def test_listing_is_not_logged(self):
        self.create_invoice()
        self.case_of()
        self.create_invoice(other := self.create_patient())
        cases = self.case_of() | self.case_of(other)
        cases.with_user(self.desk).web_read({"partner_id": {}})
        self.assertFalse(self.env["clinic.access.log"].search([("what", "=", "case")]))

    def test_front_desk_does_not_read_the_log(self):
        with self.assertRaises(AccessError):
            self.env["clinic.access.log"].with_user(self.desk).search([])

    # -- partner and invoice ---------------------------------------------

    def test_partner_form_shows_the_balance_to_the_desk_only(self):
        self.create_invoice(amount=30.0)
        values = self.patient.with_user(self.desk).web_read({"clinic_balance": {}})
        self.assertEqual(values[0]["clinic_balance"], 30.0)
        employee = self.create_user("employee", "base.group_user")
        view = self.env["res.partner"].with_user(employee).get_view(view_type="form")
        self.assertNotIn("clinic_balance", view["arch"])

    def test_invoice_form_takes_patient_and_label(self):
        accountant = self.create_user(
            "books",
            "account.group_account_invoice,clinic_dunning.group_billing_officer",
        )
        child = self.create_patient("Eve Diaz", clinic_guarantor_id=self.patient.id)
        invoice = self.draft_invoice(child).with_user(accountant)
        with Form(invoice) as form:
            form.clinic_service_label = "Consultation fee"
        self.assertEqual(invoice.clinic_guarantor_id, self.patient)
        invoice.action_post()
        dialog = Form(
            self.env["clinic.dispute"]
            .with_user(accountant)
            .with_context(**invoice.action_dispute()["context"])
        )
        dialog.reason = "Wrong person"
        dialog.save().action_apply()
        self.assertTrue(invoice.clinic_dispute_since)
        invoice.action_end_dispute()
        self.assertFalse(invoice.clinic_dispute_since)

    # -- letters ---------------------------------------------------------

    def print_letters(self, *partners):
        for partner in partners:
            self.create_invoice(partner, due=days_ago(40))
        self.create_policy(level(route="letter", topic="repeat"))
        self.remind()
        self.drain()
        self.env.invalidate_all()
        attempts = self.env["clinic.message.attempt"].search(
            [("channel", "=", "letter"), ("company_id", "=", self.company.id)]
        )
        attempts = attempts.with_user(self.officer)
        attempts.action_print_letters()
        html, _type = (
            self.env["ir.actions.report"]
            .with_user(self.officer)
            ._render_qweb_html("clinic_dunning.action_report_letter", attempts.ids)
        )
        return attempts, html.decode()

    def test_letter_has_address_link_and_code(self):
        self.env["res.partner.bank"].create(
            {
                "acc_number": "FR7630006000011234567890189",
                "partner_id": self.company.partner_id.id,
            }
        )
        _attempts, html = self.print_letters(self.patient)
        for part in ("Ana Diaz", "1 rue Haute", "75001"):
            self.assertIn(part, html)
        self.assertIn("FR7630006000011234567890189", html.replace(" ", ""))
        self.assertIn("data:image/png;base64,", html)
        address = re.search(r"https?://[^<\s\"]+/p/[\w-]+", html)[0]
        self.assertTrue(
            self.env["clinic.link"]._find(address.rpartition("/")[2], "pay")
        )

    def test_each_letter_has_its_own_page_in_its_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.create_patient("Luc Petit", lang="fr_FR")
        _attempts, html = self.print_letters(self.patient, french)
        self.assertEqual(html.count("page-break-before"), 1)
        self.assertIn("Madame, Monsieur", html)

    def test_letters_are_printed_then_posted_by_the_officer_only(self):
        attempts, _html = self.print_letters(self.patient)
        self.assertEqual(attempts.message_id.trail, "Letter (to post)")
        with self.assertRaises(AccessError):
            attempts.with_user(self.desk).action_print_letters()
        attempts.action_mark_posted()
        self.assertEqual(attempts.message_id.proof, "posted")

    def test_posted_letter_is_not_printed_again_its_link_goes_on(self):
        attempts, _html = self.print_letters(self.patient)
        attempts.action_mark_posted()
        with self.assertRaisesRegex(UserError, "posted"):
            self.env["ir.actions.report"].with_user(self.officer)._render_qweb_html(
                "clinic_dunning.action_report_letter", attempts.ids
            )
        self.assertFalse(attempts.link_id.revoked_at)

    def test_company_form_holds_the_clinics_fields(self):
        self.manager.group_ids += self.env.ref("base.group_erp_manager")
        with Form(self.company.with_user(self.manager)) as form:
            form.clinic_message_name = "Maison Martin"
        self.assertEqual(self.company._get_clinic_message_name(), "Maison Martin")

    def test_route_is_written_in_order(self):
        form = Form(self.env["clinic.contact.route"].with_user(self.manager))
        form.name = "Letter, else call"
        for channel, condition in (("letter", "always"), ("phone", "if_failed")):
            with form.line_ids.new() as line:
                line.channel = channel
                line.condition = condition
        self.assertEqual(form.save()._get_legs(), [["letter", "phone"]])

    def test_menus_follow_the_groups(self):
        menus = self.env["ir.ui.menu"]
        configuration = self.env.ref("clinic_dunning.menu_configuration")
        root = self.env.ref("clinic_dunning.menu_root")
        employee = self.create_user("employee", "base.group_user")
        for user, expected in (
            (self.desk, (True, False)),
            (self.officer, (True, True)),
            (employee, (False, False)),
        ):
            visible = menus.with_user(user)._visible_menu_ids()
            seen = (root.id in visible, configuration.id in visible)
            self.assertEqual(seen, expected)
