// SPDX-License-Identifier: MIT
// Papa.unparse in a browser's "Download CSV": it escapes formulas, so a + before a phone number gets an apostrophe; a Date is quoted ISO 8601.
const Papa = require("papaparse");
const people = JSON.parse(require("fs").readFileSync("people.json", "utf8"));
const rows = people.map((p) => ({
  "External ID": p.external_id, "E-mail Address": p.email, "User Name": p.username, "Given Name": p.given_name, "Family Name": p.family_name,
  "Mobile Phone": p.phone, "Birth Date": p.birth_date, "Country Code": p.country, Locale: p.locale, Currency: p.currency,
  "Sign-up Date": new Date(p.signed_up_at), "Email Verified?": p.email_verified, "Terms Accepted": p.accepts_terms,
  "Marketing Consent": p.accepts_marketing, "IP Address": p.ip_address, Device: p.device, "User Agent": p.user_agent, Address: p.address, Note: p.note,
}));
process.stdout.write("\ufeff" + Papa.unparse(rows, { escapeFormulae: true }));
