{
    "name": "Clinic Payment Deposit",
    "summary": "Appointments confirmed by a deposit, a prepayment or a card hold",
    "version": "19.0.1.0.0",
    "category": "Appointments",
    "license": "AGPL-3",
    "author": "Clinic Billing Addons",
    "external_dependencies": {"python": ["stripe"]},
    "depends": ["clinic_dunning", "payment_stripe", "resource_booking"],
    "data": [
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/crons.xml",
        "templates/portal_booking.xml",
        "templates/deposit_pay.xml",
    ],
}
