# SPDX-License-Identifier: MIT
"""DataFrame.to_csv. The identifiers and the dates have pandas' own types, as after read_json().

default: with the index; times in UTC, an identifier column of floats as soon as one is missing
german:  what readers of to_csv(sep=";") find on the Web for a German Excel: semicolons, decimal commas, byte order mark, DD.MM.YYYY
"""
import sys

import pandas

people = pandas.read_json("people.json", orient="records", dtype={"external_id": "object"}, convert_dates=False)
people = people.drop(columns=["phone_e164", "signed_up_utc"])
people["signed_up_at"] = pandas.to_datetime(people["signed_up_at"], utc=True)
people["birth_date"] = pandas.to_datetime(people["birth_date"])
if sys.argv[1] == "default":
    # A left join leaves a hole for the one who never told an e-mail address.
    people["external_id"] = people["external_id"].astype("float64").where(people["email"].notna())
    people.to_csv(sys.stdout.buffer)
else:
    names = {
        "external_id": "Kundennummer", "email": "E-Mail", "username": "Benutzername", "given_name": "Vorname", "family_name": "Nachname", "phone": "Telefon",
        "birth_date": "Geburtsdatum", "country": "Land", "locale": "Sprache", "currency": "Währung", "signed_up_at": "Registriert am",
        "email_verified": "E-Mail bestätigt", "accepts_terms": "AGB", "accepts_marketing": "Newsletter", "ip_address": "IP-Adresse", "device": "Gerät",
        "user_agent": "Browser", "address": "Anschrift", "note": "Bemerkung",
    }
    people["signed_up_at"] = people["signed_up_at"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    people = people.replace({True: "ja", False: "nein"}).rename(columns=names)
    people.to_csv(sys.stdout.buffer, sep=";", decimal=",", encoding="utf-8-sig", index=False, date_format="%d.%m.%Y %H:%M", na_rep="")
