"""Patient documents in the demo: handed in by reference, announced, some downloaded."""

# Of the first patients with a number and a reference; two more files are nobody's.
ANNOUNCED, DOWNLOADED = 8, 3
NOBODYS = ("Sharma.pdf", "PP-99999_x.pdf")


def build_documents(env, clinic, company):
    """Hand in some files, called after what they hold: no message may tell it."""
    company.clinic_document_pause = 0
    people = env["res.partner"].search(
        [
            ("company_id", "=", company.id),
            ("phone_sanitized", "!=", False),
            ("ref", "!=", False),
        ],
        order="id",
        limit=ANNOUNCED,
    )
    services = [service.name for service in clinic.services]
    names = [
        f"{person.ref}_{services[place % len(services)]}.pdf"
        for place, person in enumerate(people)
    ]
    for name in (*names, *NOBODYS):
        content = draw_pdf(f"Demo document {name.partition('_')[0]}")
        env["clinic.patient.document"]._take(company, name, content, source="drop")


def draw_pdf(text):
    """Return a small PDF of one page that says `text`."""
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF" % (len(places) + 1, table, len(places) + 1, len(body))
    )


def download_documents(env):
    """Some patients open theirs, as their page does it: a code, then the file."""
    documents = env["clinic.patient.document"]
    if documents.search_count([("downloads", ">", 0)], limit=1):
        return
    reached = documents.search([("notice_id.state", "=", "delivered")], order="id")
    for document in reached[:DOWNLOADED]:
        link = document.notice_id.attempt_ids.link_id[-1:]
        if link._unlock_by_code(document._make_code()):
            link._get_documents()._note_seen("opened")
            document._note_seen("document")
    env.cr.commit()


def tell_documents(env):
    """Return the report's line."""
    documents = env["clinic.patient.document"]
    counts = dict(documents._read_group([], ["state"], ["__count"]))
    downloaded = counts.get("downloaded", 0)
    announced = counts.get("announced", 0) + downloaded
    return (
        f"  documents: {announced} announced, {downloaded} downloaded, "
        f"{counts.get('unmatched', 0)} unmatched"
    )
