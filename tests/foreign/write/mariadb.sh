#!/bin/sh
# SPDX-License-Identifier: MIT
# MariaDB's SELECT ... INTO OUTFILE with commas and quotes: a backslash escapes, \N is NULL, and a UNION brings the header.
# The server lives in a temporary directory and on no network.
set -eu
base=$(mktemp -d)
mkdir "$base/data" "$base/plugins"
cat >"$base/bootstrap.sql" <<SQL
CREATE DATABASE people;
USE people;
SET NAMES utf8mb4, time_zone = '+00:00';
CREATE TABLE users AS
SELECT * FROM JSON_TABLE(CONVERT(LOAD_FILE('$PWD/people.json') USING utf8mb4), '\$[*]' COLUMNS (
    id varchar(30) PATH '\$.external_id', email varchar(100) PATH '\$.email', username varchar(100) PATH '\$.username',
    first_name varchar(100) PATH '\$.given_name', last_name varchar(100) PATH '\$.family_name', phone varchar(40) PATH '\$.phone',
    birthdate date PATH '\$.birth_date', country char(2) PATH '\$.country', locale varchar(20) PATH '\$.locale', currency char(3) PATH '\$.currency',
    signed_up_utc varchar(30) PATH '\$.signed_up_utc', email_verified varchar(5) PATH '\$.email_verified', terms varchar(5) PATH '\$.accepts_terms',
    newsletter varchar(5) PATH '\$.accepts_marketing', ip varchar(45) PATH '\$.ip_address', device varchar(100) PATH '\$.device',
    user_agent varchar(300) PATH '\$.user_agent', address varchar(200) PATH '\$.address', note varchar(200) PATH '\$.note')) AS p;
SELECT 'id', 'email', 'username', 'first_name', 'last_name', 'phone', 'birthdate', 'country', 'locale', 'currency', 'created_at', 'email_verified', 'terms',
       'newsletter', 'ip', 'device', 'user_agent', 'address', 'note'
UNION ALL
SELECT id, email, username, first_name, last_name, phone, birthdate, country, locale, currency, CAST(REPLACE(REPLACE(signed_up_utc, 'T', ' '), 'Z', '') AS datetime),
       email_verified, terms, newsletter, ip, device, user_agent, address, note
  FROM users
  INTO OUTFILE '$base/data/users.csv' CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' LINES TERMINATED BY '\n';
SQL
# One statement a line is what --bootstrap reads.
tr '\n' ' ' <"$base/bootstrap.sql" | sed 's/; /;\n/g' >"$base/lines.sql"
trap 'rm -rf "$base"' EXIT
/usr/sbin/mariadbd --no-defaults --bootstrap --user="$(id -un)" --datadir="$base/data" --character-set-server=utf8mb4 --secure-file-priv= \
    <"$base/lines.sql" >"$base/log" 2>&1 || { cat "$base/log" >&2; exit 1; }
cat "$base/data/users.csv" || { cat "$base/log" >&2; exit 1; }
