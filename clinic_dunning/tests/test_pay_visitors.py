import logging
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.clinic_dunning.controllers import page, pay

from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPayVisitors(PayCase):
    """Who comes by which address, and what is written down of it."""

    def test_neighbours_behind_one_address_do_not_stop_each_other(self):
        _link, other = self._make_link(self._make_patient("Ben Roux"))
        with patch.object(pay, "VIEWS_PER_MINUTE", 2):
            codes = [self.url_open(self.path).status_code for _time in range(6)]
            self.assertIn(429, codes)
            self.assertEqual(self.url_open(other).status_code, 200)

    def test_one_address_does_not_open_links_without_end(self):
        paths = [self._make_link(self.patient)[1] for _time in range(8)]
        with patch.object(pay, "VIEWS_PER_MINUTE", 1):
            codes = [self.url_open(path).status_code for path in paths + paths]
        self.assertIn(429, codes[: len(paths)])

    def test_visitor_is_known_by_whatever_the_proxy_says(self):
        for text, network in {
            "192.0.2.7": "192.0.2.7",
            "192.0.2.7:5678": "192.0.2.7:5678",
            "::ffff:192.0.2.7": "192.0.2.7",
            "2001:db8:1:2:3::4": "2001:db8:1:2::/64",
            "unknown": "unknown",
        }.items():
            visit = SimpleNamespace(httprequest=SimpleNamespace(remote_addr=text))
            with patch.object(page, "request", visit):
                self.assertEqual(page.PatientPage()._get_network(), network)

    def test_log_of_the_server_bears_no_secret(self):
        for path, masked in {
            self.path: "/p/***",
            f"{self.path}/details?lang=fr": "/p/***/details?lang=fr",
            "/p/checkout/nonce": "/p/checkout/***",
            "/p/card/done/nonce": "/p/card/done/***",
            "/b/secret/move": "/b/***/move",
            "/d/secret": "/d/***",
            "/w/secret/accept": "/w/***/accept",
            "/clinic/book/go/secret": "/clinic/book/go/***",
            "/my/clinic": "/my/clinic",
        }.items():
            for name in ("werkzeug", "odoo.http"):
                with self.assertLogs(name, "WARNING") as logs:
                    logging.getLogger(name).warning('"GET %s HTTP/1.1" 200', path)
                self.assertIn(f'"GET {masked} HTTP/1.1" 200', logs.output[0])
