#!/bin/sh
# SPDX-License-Identifier: MIT
# $3: plain, safe or strict. Ctrl-C at a terminal is SIGINT: it ends the statement, not the shell.
set -eu
case $3 in plain) strict='' safe='' ;; safe) strict='' safe=-safe ;; strict) strict='.dbconfig defensive on\n.dbconfig trusted_schema off\n' safe='' ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/in"
# A script's background command ignores SIGINT; env gives it back. -interactive: as at a terminal, line by line.
env --default-signal=INT stdbuf -oL sqlite3 -interactive -noheader -cmd ".load '$1'" $safe "$2" <"$work/in" >"$work/out" 2>"$work/err" &
pid=$!
exec 3>"$work/in"
# The statement tells by its first row that it has begun. One signal: the third that comes too early would end the shell.
{ printf "$strict" && printf "SELECT 'begun' UNION ALL SELECT * FROM (" && sed 's/begun()/1/' && echo ');'; } >&3
until grep -q begun "$work/out"; do
    kill -0 $pid
    sleep 0.05
done
kill -INT $pid
until grep -q interrupt "$work/err"; do
    kill -0 $pid
    sleep 0.05
done
printf 'SELECT count(*) > 0 FROM reg_attempts;\n' >&3
exec 3>&-
wait $pid || true # the statement that was ended counts
grep -o interrupted "$work/err"
grep -o '1$' "$work/out"
# Each connection is a new one.
i=0
if [ "$safe" = '' ]; then
    while [ $i -lt 1000 ]; do
        printf ".open '%s'\n.load '%s'\n${strict}SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts);\n" "$2" "$1"
        i=$((i + 1))
    done >"$work/reload"
    sqlite3 -batch -bail -noheader "$2" <"$work/reload" >"$work/rows"
else
    # A safe shell neither opens nor loads: a process each.
    while [ $i -lt 1000 ]; do
        sqlite3 -batch -bail -noheader -cmd ".load '$1'" $safe "$2" "SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)"
        i=$((i + 1))
    done >"$work/rows"
fi
[ "$(grep -v '  *\(defensive on\|trusted_schema off\)$' "$work/rows" | uniq -c | tr -s ' ')" = ' 1000 a***@example.com|1' ]
[ "$strict" = '' ] || [ "$(grep -c '  *trusted_schema off$' "$work/rows")" = 1000 ]
echo reloaded
