# SPDX-License-Identifier: MIT
"""The workbook that write/libreoffice.sh turns into CSV files: dates are dates, flags are truth values, and identifiers are numbers, as in a sheet that people fill in by hand.

Times are those of Europe/Berlin's clocks: a spreadsheet knows no zone.
"""
import datetime
import json
import sys
import zoneinfo

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

HEADER = ["Customer ID", "E-mail", "Username", "First Name", "Last Name", "Phone", "Birth Date", "Country", "Locale", "Currency", "Sign-up date",
          "E-mail verified", "Terms", "Marketing", "IP address", "Device", "User agent", "Address", "Note", "Balance"]
FIELDS = ["external_id", "email", "username", "given_name", "family_name", "phone", "birth_date", "country", "locale", "currency", "signed_up_at",
          "email_verified", "accepts_terms", "accepts_marketing", "ip_address", "device", "user_agent", "address", "note"]
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Sign-ups"
sheet.append(HEADER)
for row, person in enumerate(json.load(open("people.json", encoding="utf-8")), 2):
    person["external_id"] = int(person["external_id"])
    if person["birth_date"]:
        person["birth_date"] = datetime.date.fromisoformat(person["birth_date"])
    time = datetime.datetime.fromisoformat(person["signed_up_at"].replace("Z", "+00:00"))
    person["signed_up_at"] = time.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    for column, field in enumerate(FIELDS, 1):
        value = person[field]
        if isinstance(value, str):
            value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell = sheet.cell(row, column, value)
        if isinstance(value, str):
            cell.data_type = "s"  # a text, whatever it begins with
        if field == "birth_date":
            cell.number_format = "mm-dd-yy"  # the builtin format 14: a short date, in the manner of whoever opens the sheet
        if field == "signed_up_at":
            cell.number_format = "m/d/yy h:mm"  # the builtin format 22
        if field == "phone" and value and value.isascii() and value.replace("+", "").isdigit():
            cell.value = int(value)  # typed into a cell of no format, a number with no blanks becomes one
            cell.data_type = "n"
    sheet.cell(row, len(FIELDS) + 1, row * 617.5).number_format = "#,##0.00"
book.save(sys.argv[1])
