#!/bin/sh
# SPDX-License-Identifier: MIT
# awk over tab-separated lines, with the quoting function that everybody writes once. The line feeds of a field were turned into \n before.
jq -r '.[] | [.external_id, .email, .username, .given_name, .family_name, .phone, .birth_date, .country, .locale, .currency, .signed_up_at,
    .email_verified, .accepts_terms, .accepts_marketing, .ip_address, .device, .user_agent, .address, .note] | @tsv' people.json |
    awk -F '\t' '
        function quoted(field) { gsub(/"/, "\"\"", field); return "\"" field "\"" }
        BEGIN { print "ID, EMAIL, USERNAME, FIRST_NAME, LAST_NAME, PHONE, BIRTHDAY, COUNTRY, LOCALE, CURRENCY, SIGNUP_DATE, EMAIL_VERIFIED, TERMS, NEWSLETTER, IP, DEVICE, USER_AGENT, ADDRESS, NOTE" }
        { line = quoted($1); for (i = 2; i <= NF; i++) line = line "," quoted($i); print line }'
