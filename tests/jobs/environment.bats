# SPDX-License-Identifier: MIT
# Where a run finds itself (time zone, locale, umask) changes nothing of what it does.

load ../helper

setup() {
    regjob_setup
    settings '{"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"]}'
    regjob_keep
    cat >job.conf <<'END'
[ledger]
path = ledger.db
metrics = job.prom
[import]
inbox = inbox
settle_seconds = 0
max_field_bytes = 4K
[mail]
url = file:mail
rate = 0
[sms]
url = file:sms
rate = 0
END
}

# A locale whose I is no capital i, and whose fractions begin with a comma.
turkish() {
    localedef -i tr_TR -f UTF-8 "$BATS_TEST_TMPDIR/tr_TR.UTF-8"
    [ "$(LOCPATH=$BATS_TEST_TMPDIR LC_ALL=tr_TR.UTF-8 bash -c 'printf %.1f 1,5')" = 1,5 ]
}

# night COMMAND...: everything once, under that command, from the same beginning.
night() {
    regjob_fresh
    rm -rf inbox mail sms
    (umask 022 && mkdir inbox && cp "$ROOT/samples/signups.csv" "$ROOT/samples/signups-damaged.csv" inbox/)
    "$@" "$REGJOB" -c job.conf nightly || [ $? -eq 2 ]
    "$@" "$REGJOB" -c job.conf dashboard -o page.html
}

# What a night has made: the ledger, how many messages, and the tables of the page, all but durations.
made() {
    contents
    ls mail/new | wc -l
    ls sms | wc -l
    /usr/bin/python3 "$ROOT/tests/jobs/page_contents.py" page.html tables | grep -v '^The last runs'
    sed -n 's/^\(regjob_[a-z_]*\)\({[^}]*}\)\{0,1\} .*/\1\2/p' job.prom
}

@test "in no time zone and no locale is anything another" {
    turkish
    # 10:30 of the 27th, UTC, which is the 28th in Kiritimati.
    moment() {
        FAKETIME_FMT=%s FAKETIME_DONT_FAKE_MONOTONIC=1 clock 1795775400 env LOCPATH="$BATS_TEST_TMPDIR" "$@"
    }
    night moment TZ=UTC LC_ALL=C
    made >expected
    grep -q '^import|2|.*/signups.csv|' expected
    grep -q '^Attempts by day and outcome|2026-11-10|[1-9]' expected
    for zone in Pacific/Kiritimati America/St_Johns; do
        night moment TZ="$zone" LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8
        made >got
        diff expected got
    done
}

@test "whatever the umask: all is its owner's alone, but what the collector of metrics reads" {
    for mask in 000 077; do
        (umask "$mask" && night env)
        [ "$(stat -c %a job.prom)" = 644 ]
        [ "$(stat -c %a ledger.db ledger.db.key page.html inbox/done mail sms | tr '\n' ' ')" = "600 600 600 700 700 700 " ]
        # The files that came, and were moved, too.
        find inbox/done mail sms -type f >files
        [ "$(wc -l <files)" -gt 200 ]
        run find inbox/done mail sms ledger.db* page.html -perm /077
        [ "$output" = "" ]
        (umask "$mask" && job init && "$REGJOB" -l new.db init)
        [ "$(stat -c %a new.db new.db.key)" = $'600\n600' ]
        rm -f new.db*
    done
}
