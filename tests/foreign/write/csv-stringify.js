// SPDX-License-Identifier: MIT
// csv-stringify with its defaults: true is 1, false is empty, a Date is its milliseconds.
const { stringify } = require("csv-stringify/sync");
const people = JSON.parse(require("fs").readFileSync("people.json", "utf8"));
for (const person of people) person.signed_up_at = new Date(person.signed_up_at);
const columns = {
  external_id: "externalId", email: "email", username: "username", given_name: "firstName", family_name: "lastName", phone: "phone",
  birth_date: "dateOfBirth", country: "country", locale: "locale", currency: "currency", signed_up_at: "createdAt", email_verified: "emailVerified",
  accepts_terms: "acceptedTerms", accepts_marketing: "acceptedMarketing", ip_address: "ip", device: "device", user_agent: "userAgent",
  address: "address", note: "note",
};
process.stdout.write(stringify(people, { header: true, columns }));
