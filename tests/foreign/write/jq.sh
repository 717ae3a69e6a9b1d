#!/bin/sh
# SPDX-License-Identifier: MIT
# jq's @csv over JSON whose identifiers are numbers, as an API gives them: jq rounds those beyond 2^53.
exec jq -r '
    (["id", "email", "userName", "givenName", "familyName", "phoneNumber", "birthDate", "country", "locale", "currency", "createdAt", "emailVerified",
      "termsAccepted", "marketingAccepted", "ipAddress", "device", "userAgent", "address", "note"] | @csv),
    (.[] | [(.external_id | tonumber), .email, .username, .given_name, .family_name, .phone, .birth_date, .country, .locale, .currency, .signed_up_at,
      .email_verified, .accepts_terms, .accepts_marketing, .ip_address, .device, .user_agent, .address, .note] | @csv)' people.json
