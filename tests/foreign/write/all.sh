#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes every file of this folder anew, into it or into DIRECTORY, an absolute path. It needs the tools that README.md lists; NODE_PATH names where npm put its two packages.
set -eu
cd "$(dirname "$0")/.."
out=${1:-.}
export LC_ALL=C.UTF-8 TZ=UTC
sh write/awk.sh >"$out/awk.csv"
node write/csv-stringify.js >"$out/csv-stringify.csv"
go run write/golang.go >"$out/golang.csv"
sh write/jq.sh >"$out/jq.csv"
sh write/libreoffice.sh "$out"
sh write/mariadb.sh >"$out/mariadb.csv"
/usr/bin/python3 write/pandas-csv.py default >"$out/pandas.csv"
/usr/bin/python3 write/pandas-csv.py german >"$out/pandas-german.csv"
node write/papaparse.js >"$out/papaparse.csv"
perl write/perl.pl >"$out/perl.csv"
php write/php.php >"$out/php.csv"
sh write/postgres.sh >"$out/postgres.csv"
sh write/postgres.sh force >"$out/postgres-force-quote.csv"
/usr/bin/python3 write/python-csv.py >"$out/python-csv.csv"
/usr/bin/python3 write/python-csv.py unix >"$out/python-csv-unix.csv"
Rscript --vanilla write/r.R >"$out/r.csv"
Rscript --vanilla write/r.R semicolons >"$out/r-csv2.csv"
ruby write/ruby.rb >"$out/ruby.csv"
sh write/sqlite.sh >"$out/sqlite.csv"
