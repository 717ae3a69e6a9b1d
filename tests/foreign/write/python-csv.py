# SPDX-License-Identifier: MIT
"""csv.DictWriter as a script of one's own has it: the default dialect. With "unix": every field quoted, lines end in LF."""
import csv
import json
import sys

COLUMNS = {
    "external_id": "external_id", "email": "email", "username": "username", "given_name": "first_name", "family_name": "last_name", "phone": "phone",
    "birth_date": "date_of_birth", "country": "country_code", "locale": "locale", "currency": "currency", "signed_up_at": "created_at",
    "email_verified": "email_verified", "accepts_terms": "accepted_terms", "accepts_marketing": "marketing_opt_in", "ip_address": "ip", "device": "device",
    "user_agent": "user_agent", "address": "address", "note": "notes",
}
sys.stdout.reconfigure(encoding="utf-8", newline="")
writer = csv.DictWriter(sys.stdout, COLUMNS.values(), dialect=sys.argv[1] if len(sys.argv) > 1 else "excel")
writer.writeheader()
for person in json.load(open("people.json", encoding="utf-8")):
    writer.writerow({name: person[field] for field, name in COLUMNS.items()})
