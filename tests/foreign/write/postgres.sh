#!/bin/sh
# SPDX-License-Identifier: MIT
# PostgreSQL's COPY ... CSV HEADER, from a server that lives in a temporary directory and on no network.
#   postgres.sh            as it comes, in a session whose zone is Europe/Berlin
#   postgres.sh force      every column quoted, NULL written as \N
set -eu
bin=$(pg_config --bindir)
base=$(mktemp -d)
run() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown postgres "$base"; fi
trap 'run "$bin/pg_ctl" -D "$base/data" -m fast stop >/dev/null; rm -rf "$base"' EXIT
run "$bin/initdb" -D "$base/data" -A trust --locale C.UTF-8 -E UTF8 --no-sync >/dev/null
run "$bin/pg_ctl" -D "$base/data" -w -o "-k $base -c listen_addresses= -c fsync=off" -l "$base/log" start >/dev/null
options='FORMAT csv, HEADER'
if [ "${1-}" = force ]; then options="$options, FORCE_QUOTE *, NULL '\\N'"; fi
{
    cat <<'SQL'
\set people `cat people.json`
SET timezone = 'Europe/Berlin';
CREATE TEMPORARY TABLE users AS
SELECT external_id AS id, email, username, given_name AS first_name, family_name AS last_name, phone AS phone_number, birth_date AS date_of_birth,
       country AS country_code, locale, currency, signed_up_at AS created_at, email_verified, accepts_terms AS terms_accepted,
       accepts_marketing AS marketing_opt_in, ip_address AS last_sign_in_ip, device, user_agent, address, note AS notes
  FROM json_to_recordset(:'people') AS p (external_id numeric, email text, username text, given_name text, family_name text, phone text, birth_date date,
       country char(2), locale text, currency char(3), signed_up_at timestamptz, email_verified boolean, accepts_terms boolean,
       accepts_marketing boolean, ip_address inet, device text, user_agent text, address text, note text);
SQL
    echo "COPY users TO STDOUT WITH ($options);"
} >"$base/write.sql"
psql -h "$base" -U "$(if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi)" -d postgres -qAtX -v ON_ERROR_STOP=1 -f "$base/write.sql"
