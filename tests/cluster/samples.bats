# SPDX-License-Identifier: MIT
# samples/cluster: the commands of its page, with paths of the test's own, and its files.

load ../helper
load ../cluster

setup() {
    regjob_setup
    mkdir -p etc lib backups bin
    mv ledger.db ledger.db.key lib/
    nodes_start
    sed "s|^path = .*|path = $nodes|; s|^user = .*||; s|^password_file = .*||; s|^ca_file = .*||" "$ROOT/samples/cluster/regjob.conf" >etc/whole.conf
    sed "s|/etc/regjob|$PWD/etc|; s|/var/lib/regjob|$PWD/lib|" etc/whole.conf >etc/regjob.conf
    ln -s "$REGJOB" bin/regjob
    PATH=$PWD/bin:$PATH
}

teardown() {
    nodes_stop
}

page() {
    awk -v name="$1" '$0 == "<!-- run: " name " -->" { wanted = 1; next }
        wanted && /^```sh$/ { inside = 1; next }
        inside && /^```$/ { exit }
        inside { print; any = 1 }
        END { exit !any }' "$ROOT/samples/cluster/README.md" |
        sed "s|/etc/regjob|$PWD/etc|g; s|/var/lib/regjob|$PWD/lib|g; s|/var/backups/regjob|$PWD/backups|g" >"$1.sh"
    [ -s "$1.sh" ]
    sh -eu "$1.sh"
}

@test "moved in, watched, backed up, lost, and restored" {
    cp "$ROOT/samples/partner.csv" .
    regjob -l lib/ledger.db import partner.csv || true
    page move
    [ "$(ask "SELECT count(*) FROM attempt")" = "[$(sqlite3 lib/ledger.db "SELECT count(*) FROM attempt")]" ]
    page watch
    grep -q regjob_run_exit_code lib/nightly.prom
    until_true all_hold all.db
    page backup
    # All is lost.
    nodes_stop
    rm -f lib/ledger.db lib/ledger.db.key
    nodes_start
    sed -i "s|^path = .*|path = $nodes|" etc/regjob.conf
    page restore
    [ "$(ask "SELECT count(*) FROM attempt")" = "[$(sqlite3 all.db "SELECT count(*) FROM attempt")]" ]
    regjob -c etc/regjob.conf settings >/dev/null
}

@test "the files are what they are for" {
    /usr/bin/python3 -m json.tool "$ROOT/samples/cluster/auth.json" >/dev/null
    printf 'x' >password
    chmod 600 password
    sed "s|/etc/regjob/rqlite.password|$PWD/password|" "$ROOT/samples/cluster/regjob.conf" >as_it_is.conf
    sed -i "s|/var/lib/regjob|$PWD/lib|; s|/etc/regjob/ledger.key|$PWD/lib/ledger.db.key|; s|n[123]:4001|localhost:1|g; s|/etc/regjob/ca.pem||" as_it_is.conf
    run "$REGJOB" -c as_it_is.conf settings
    echo "$output"
    [ "$status" -eq 1 ] # it is understood; nobody is there
    # The unit names options that rqlited has.
    for option in $(grep -o ' -[a-z-]* ' "$ROOT/samples/cluster/rqlited.service" | sort -u); do
        "$RQLITED" -h 2>&1 | grep -q "^  $option\b" || { echo "$option"; return 1; }
    done
}
