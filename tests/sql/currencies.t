#!/bin/bash
# SPDX-License-Identifier: MIT
# Currencies that came after the machine's ICU hold from the day on which their sources say so.
. tests/sql/tap.sh

# DAY COUNTRY CURRENCY: what a sign-up from there gets at the first second of that day.
of_day() {
    at "$1 00:00:01" ledger
    is "$2 on $1" "$3" "$(at "$1 00:00:01" sql "INSERT INTO reg_attempts(email, password, country) VALUES ('$2@example.com', 'A9#bL8@z', '$2'); SELECT currency FROM reg_attempts;")"
}
of_day 2025-12-31 BG BGN # Council Decision (EU) 2025/1407
of_day 2026-01-01 BG EUR
of_day 2025-03-30 CW ANG # Centrale Bank van Curacao en Sint Maarten
of_day 2025-03-31 CW XCG
of_day 2025-03-31 SX XCG
done_testing
