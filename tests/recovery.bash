# SPDX-License-Identifier: MIT
# For the tests of samples/recovery: `load ../recovery` beside ../helper.
#
#   recovery_setup     a folder with the ledger in lib/, where copies go to backups/, and a configuration; systemctl is a
#                      program that notes what it is asked (systemctl.log), and does what $SERVICES says
#   page NAME          runs the commands of that name of samples/recovery/README.md, with these paths in place of its own
#   page_text NAME     shows them
#   known              how many attempts the ledger has

recovery_setup() {
    regjob_setup
    standin_start
    outbound_config
    mkdir -p lib/signups backups bin
    mv ledger.db ledger.db.key lib/
    sed -i "s|^path = ledger.db|path = $PWD/lib/ledger.db\\nbusy_timeout_ms = 1000|" regjob.conf
    printf '[import]\ninbox = %s\nsettle_seconds = 0\n' "$PWD/lib/signups" >>regjob.conf
    ln -s "$REGJOB" bin/regjob
    printf '#!/bin/sh\necho "$@" >>systemctl.log\n%s\n' "${SERVICES:-}" >bin/systemctl
    chmod 755 bin/systemctl
    PATH=$PWD/bin:$PATH
}

page_text() {
    awk -v name="$1" '$0 == "<!-- run: " name " -->" { wanted = 1; next }
        wanted && /^```sh$/ { inside = 1; next }
        inside && /^```$/ { exit }
        inside { print; any = 1 }
        END { exit !any }' "$ROOT/samples/recovery/README.md" |
        sed "s|/etc/regjob/regjob.conf|regjob.conf|g; s|/etc/litestream.yml|litestream.yml|g; s|/var/lib/regjob|$PWD/lib|g; s|/var/backups/regjob|$PWD/backups|g"
}

page() {
    page_text "$1" >"$1.sh"
    [ -s "$1.sh" ]
    sh -eu "$1.sh"
}

known() {
    sqlite3 -batch -bail lib/ledger.db "SELECT count(*) FROM attempt"
}

sign_ups() { # FIRST LAST: a file in the inbox
    {
        echo "email,name,outcome"
        for ((i = $1; i <= $2; i++)); do echo "jane$i@example.com,Jane,success"; done
    } >"lib/signups/from-$1.csv"
}
