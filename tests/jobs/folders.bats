# SPDX-License-Identifier: MIT
# regjob nightly over folders that others write to: links, devices and names that are none, files that are replaced, still written or
# without end. Each is said, and the rest goes on.

load ../helper

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\n' >job.conf
    mkdir inbox
}

# A file that was dropped an hour ago.
drop() {
    cat >"inbox/$1"
    touch -d '-1 hour' "inbox/$1"
}

# People named so, in good form.
people() {
    echo email,password
    printf '%s@example.com,Abcdef1!x\n' "$@"
}

nightly() {
    "$REGJOB" -c job.conf nightly
}

emails() {
    ledger "SELECT group_concat(email, ' ') FROM (SELECT email FROM person ORDER BY attempt_id)"
}

today() {
    date -u +%F
}

# The rejects that an import kept, of a file in done/.
rejects_of() {
    cat "inbox/done/$1".*rejects*
}

# -- done/ --

@test "done/ is a link: nothing is removed, changed or imported, and it is said" {
    mkdir -m 755 private
    echo secret >private/id_rsa
    echo rows >private/2020-01-01.a.csv
    ln -s ../private inbox/done
    people ann | drop a.csv
    run clock +40d "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/done"*"symbolic link"* ]]
    [ "$(ls private)" = $'2020-01-01.a.csv\nid_rsa' ]
    [ "$(stat -c %a private)" = 755 ]
    [ "$(ls inbox)" = $'a.csv\ndone' ]
    [ "$(ledger "SELECT count(*) FROM import")" = 0 ]
}

@test "the inbox itself is a link, or done/ a file: said, exit 1" {
    mkdir elsewhere
    people ann >elsewhere/a.csv
    rmdir inbox
    ln -s elsewhere inbox
    for name in inbox inbox/; do
        sed -i "s,^inbox.*,inbox = $name," job.conf
        run nightly
        [ "$status" -eq 1 ]
        [[ "$output" == *"inbox: "*"symbolic link"* ]]
        [ "$(ls elsewhere)" = a.csv ]
    done
    rm inbox
    mkdir inbox
    people ann | drop a.csv
    echo file >inbox/done
    run nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/done: "* ]]
    [ "$(cat inbox/done)" = file ]
}

@test "done/ of another user: said, exit 1, and left as it is" {
    [ "$(id -u)" = 0 ] || skip "only root can give a folder to somebody else"
    mkdir -m 777 inbox/done
    chown 65534 inbox/done
    people ann | drop a.csv
    run nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/done"*"another user"* ]]
    [ "$(stat -c %a inbox/done)" = 777 ]
    [ "$(ls -A inbox/done)" = "" ]
}

@test "of done/ only what the job put there is removed" {
    { people ann; echo broken; } | drop a.csv
    people bob | gzip | drop b.csv.gz
    run nightly
    [ "$status" -eq 2 ]
    [ "$(find inbox/done -type f | wc -l)" = 3 ]
    cd inbox/done
    touch README id_rsa mended.csv 2026-01-01.txt "$(today).rejects" .hidden "x$(today).a.csv"
    mkdir 2020-01-01.d.csv
    ln -s README 2020-01-01.link.csv
    cd ../..
    run clock +31d "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$(ls -A inbox/done | LC_ALL=C sort)" = "$(printf '%s\n' .hidden 2020-01-01.d.csv 2020-01-01.link.csv 2026-01-01.txt README id_rsa mended.csv \
        "x$(today).a.csv" "$(today).rejects" | LC_ALL=C sort)" ]
}

# -- what lies in the inbox --

@test "links, hard links, pipes, sockets and folders named as sign-ups: each a line, exit 65, and the rest goes on" {
    people eve >secret.csv
    chmod 644 secret.csv
    ln -s ../secret.csv inbox/a.csv
    ln -s nowhere inbox/b.csv
    people fay >twin.csv
    chmod 640 twin.csv
    ln twin.csv inbox/c.csv
    mkfifo inbox/d.csv
    mkdir inbox/e.csv
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("inbox/f.csv.gz")'
    people zoe | drop z.csv
    run timeout 60 "$REGJOB" -c job.conf nightly
    [ "$status" -eq 65 ]
    [ "${#lines[@]}" -eq 6 ]
    [[ "${lines[0]}" == *"inbox/a.csv is a symbolic link"* ]]
    [[ "${lines[1]}" == *"inbox/b.csv is a symbolic link"* ]]
    [[ "${lines[2]}" == *"inbox/c.csv "*"hard link"* ]]
    [[ "${lines[3]}" == *"inbox/d.csv is a pipe"* ]]
    [[ "${lines[4]}" == *"inbox/e.csv is a folder"* ]]
    [[ "${lines[5]}" == *"inbox/f.csv.gz is a socket"* ]]
    [ "$(emails)" = zoe@example.com ]
    [ "$(stat -c %a secret.csv twin.csv)" = $'644\n640' ]
    [ "$(ls inbox)" = "$(printf '%s\n' a.csv b.csv c.csv d.csv done e.csv f.csv.gz)" ]
    # A folder by hand is the same, where nothing is moved.
    rm -r inbox/done
    people yan | drop z.csv
    run timeout 60 "$REGJOB" -c job.conf import inbox
    [ "$status" -eq 65 ]
    [ "${#lines[@]}" -eq 6 ]
    [ "$(emails)" = "zoe@example.com yan@example.com" ]
    [ -e inbox/z.csv ]
}

@test "names that cannot be kept or shown: each a line, exit 65, and the rest goes on" {
    long=$(printf 'n%.0s' {1..246}).csv
    { people ann; echo broken; } | drop "$long"
    people bob | drop $'line\nfeed.csv'
    people cid | drop $'esc\e[31m.csv'
    people dan | drop $'latin\xe9.csv'
    people eva | drop 'ärger %s%n.csv'
    run nightly
    [ "$status" -eq 65 ]
    [ "${#lines[@]}" -eq 4 ]
    [[ "$output" == *"inbox/$long: the name is longer than 200 bytes"* ]]
    [[ "$output" == *'inbox/line\x0Afeed.csv: the name'* ]]
    [[ "$output" == *'inbox/esc\x1B[31m.csv: the name'* ]]
    [[ "$output" == *'inbox/latin\xE9.csv: the name'* ]]
    [[ "$output" != *$'\e'* ]]
    [ "$(emails)" = eva@example.com ]
    [ "$(LC_ALL=C find inbox -maxdepth 1 -name '*.csv' | grep -c csv)" = 4 ]
    # As long as it may be, with rejects, twice.
    rm inbox/*.csv
    long=$(printf 'n%.0s' {1..196}).csv
    for name in ann bob; do
        { people $name; echo broken; } | drop "$long"
        run nightly
        [ "$status" -eq 2 ]
    done
    [ "$(ls inbox/*.csv 2>/dev/null)" = "" ]
    [ "$(rejects_of "$long" | grep -c broken)" = 2 ]
}

@test "an inbox that is not there, as where a mount failed: a line each, exit 1, and the other steps run" {
    printf 'confirm_inbox = codes\n[reconcile]\ninbox = exports\n' >>job.conf
    rmdir inbox
    mkdir codes
    printf 'subject,code\nann@example.com,123456\n' >codes/c.csv
    touch -d '-1 hour' codes/c.csv
    run nightly
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 2 ]
    [[ "${lines[0]}" == *"inbox: No such file or directory"* ]]
    [[ "${lines[1]}" == *"exports: No such file or directory"* ]]
    [ "$(ls codes/done)" = "$(today).c.csv" ]
    [ ! -e inbox ]
}

# -- which file it is that was read --

@test "a file that is replaced under its name while it is imported is not moved unread" {
    people ann | drop a.csv
    people bob | drop new
    # The third sync is that of the rows.
    run faulty SWAP_AFTER_SYNCS=3 SWAP_FROM=inbox/new SWAP_TO=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: "*"replaced"* ]]
    [ "$(emails)" = ann@example.com ]
    [ "$(cat inbox/a.csv)" = "$(people bob)" ]
    [ "$(ls inbox/done)" = "" ]
    run nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = "ann@example.com bob@example.com" ]
    [ "$(cat "inbox/done/$(today).a.csv")" = "$(people bob)" ]
}

@test "nor is one that is replaced between the last look at it and its move" {
    people ann | drop a.csv
    people bob | drop new
    run faulty SWAP_BEFORE_MOVE=a.csv SWAP_FROM=inbox/new SWAP_TO=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: "*"replaced"* ]]
    [ "$(cat inbox/a.csv)" = "$(people bob)" ]
    [ "$(ls inbox/done)" = "" ]
    run nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = "ann@example.com bob@example.com" ]
}

@test "a file that is written to when its rows are committed is not moved, and goes on in the next run" {
    people ann | drop a.csv
    # The fourth sync ends the import.
    run faulty TOUCH_AFTER_SYNCS=4 TOUCH_FILE=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: "*"written to"* ]]
    [ -e inbox/a.csv ]
    [ "$(emails)" = ann@example.com ]
    echo bob@example.com,Abcdef1!x >>inbox/a.csv
    touch -d '-1 hour' inbox/a.csv
    run nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = "ann@example.com bob@example.com" ]
    [ "$(ledger "SELECT max(line) FROM attempt")" = 4 ]
}

@test "nor is one whose writer puts its time back" {
    people ann | drop a.csv
    run faulty OVERWRITE_AFTER_SYNCS=4 TOUCH_FILE=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: "*"written to"* ]]
    [ -e inbox/a.csv ]
    [ "$(ls inbox/done)" = "" ]
    # Nor where it gets another name at once.
    people eve | drop a.csv
    run faulty OVERWRITE_AFTER_SYNCS=4 LINK_TO=other TOUCH_FILE=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [ "$(ls inbox/done)" = "" ]
    rm inbox/a.csv
    # While its rows are read nothing of it is committed.
    people bob | drop b.csv
    run faulty OVERWRITE_AFTER_SYNCS=3 TOUCH_FILE=inbox/b.csv "$REGJOB" -l ledger.db import inbox/b.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/b.csv: has changed while it was read"* ]]
    [ "$(emails)" = "ann@example.com eve@example.com" ]
}

@test "a file of confirmations among the sign-ups is refused before its first row, and good in its own inbox" {
    mkdir codes
    sed -i '/^inbox/a confirm_inbox = codes' job.conf
    ledger_reg "SELECT reg_settings_patch('{\"registrationType\":\"REQUIRE_PIN_CONFIRMATION\",\"pinConfirmationType\":\"EVERYONE\",\"sandbox\":true}')" >/dev/null
    ledger_reg "INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'A9#bL8@z'); SELECT reg_issue_code('ann@example.com', 'none')" >/dev/null
    printf 'subject,code,device_id\nann@example.com,12345,\n' | drop codes.csv
    run nightly
    [ "$status" -eq 65 ]
    [[ "$output" == *'inbox/codes.csv: none of its columns says who signed up: expected `email`, `phone`, '* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 1 ]
    mv inbox/codes.csv codes/
    run nightly
    [ "$status" -eq 0 ]
    [ "$(ledger_reg "SELECT outcome FROM reg_attempts")" = success ]
}

@test "an export is read by the same rules" {
    printf '[ledger]\npath = ledger.db\n[reconcile]\ninbox = exports\n' >job.conf
    mkdir exports
    printf 'date,success,failure\n2026-01-10,0,0\n' >export.csv
    touch -d '-1 hour' export.csv
    chmod 644 export.csv
    ln -s ../export.csv exports/a.csv
    cp -p export.csv exports/b.csv
    run nightly
    [ "$status" -eq 65 ]
    [[ "$output" == *"exports/a.csv is a symbolic link"* ]]
    [ "$(ls exports)" = $'a.csv\ndone' ]
    [ "$(stat -c %a export.csv)" = 644 ]
    # Nor does the page follow links.
    rm -r exports/done
    "$REGJOB" -c job.conf dashboard -o page.html
    grep -q 'There is no export' page.html
    mkdir other
    cp -p export.csv other/
    ln -s ../other exports/done
    "$REGJOB" -c job.conf dashboard -o page.html
    grep -q 'There is no export' page.html
}

@test "a file that grows while its rows are committed is gone on with, its stopped import too" {
    sed -i '/^inbox/a batch = 10' job.conf
    { echo email,password; for i in {1..20}; do echo "p$i@example.com,Abcdef1!x"; echo "broken $i"; done; } | drop a.csv
    cp inbox/a.csv shorter.csv
    # The fourth sync is that of the second batch.
    run faulty TOUCH_AFTER_SYNCS=4 TOUCH_FILE=inbox/a.csv "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: has changed while it was read"* ]]
    came_to=$(ledger "SELECT max(end_line) FROM import_batch")
    [ "$came_to" -lt 41 ]
    { echo q1@example.com,Abcdef1!x; echo broken q; } >>inbox/a.csv
    touch -d '-1 hour' inbox/a.csv
    run faulty KILL_AFTER_SYNCS=5 "$REGJOB" -c job.conf nightly
    [ "$status" -eq 137 ]
    # What it was, again: some of its lines are the other import's by now.
    cp -p shorter.csv copy.csv
    run "$REGJOB" -c job.conf import copy.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"copy.csv: import 1 of this file stopped half-way, and import 2 continued it"* ]]
    run nightly
    [ "$status" -eq 2 ]
    [[ "$output" == "regjob: inbox/a.csv: "*" lines rejected (the first in line "*"): see inbox/done/a.csv.2.rejects" ]]
    [ "$(ls inbox)" = done ]
    [ "$(ledger "SELECT count(*), count(DISTINCT line), (SELECT count(*) FROM reject), (SELECT count(DISTINCT line) FROM reject) FROM attempt")" = "21|21|21|21" ]
    [ "$(ledger "SELECT min(line) FROM attempt WHERE import_id = 2")" -ge "$came_to" ]
    [ "$(ledger "SELECT group_concat(finished_at IS NOT NULL), max(continues) FROM import")" = "1,1|1" ]
    [ "$(cat inbox/done/a.csv.{1,2}.rejects | grep broken)" = "$(seq -f 'broken %g' 20; echo broken q)" ]
    run "$REGJOB" -c job.conf -v import copy.csv
    [ "$status" -eq 0 ]
    [[ "$output" == *"copy.csv: imported already (import 1"* ]]
}

# -- a file that is still being written --

@test "a file that was written a moment ago waits for the next run, whatever its end" {
    echo 'settle_seconds = 600' >>job.conf
    printf 'email,password\nann@example.com,Abcdef1!x\nbob@example.com,Abc' >inbox/a.csv
    people cid | drop b.csv
    run nightly
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: "*"settle_seconds = 600"* ]]
    [ "$(emails)" = cid@example.com ]
    [ "$(ledger "SELECT counts ->> '\$.import.files_waiting' FROM run")" = 1 ]
    # Its last line may be half of one.
    touch -d '-601 seconds' inbox/a.csv
    run nightly
    [ "$status" -eq 0 ]
    [[ "$output" == *"inbox/a.csv: "*"its last line has no end"*"settle_seconds = 600"* ]]
    [ "$(emails)" = cid@example.com ]
    printf 'def1!x\n' >>inbox/a.csv
    touch -d '-601 seconds' inbox/a.csv
    run nightly
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(emails)" = "cid@example.com ann@example.com bob@example.com" ]
    # Whoever writes no end after his last line is heard all the same.
    printf 'email,password\nfay@example.com,Abcdef1!x' >inbox/f.csv
    touch -d '-18001 seconds' inbox/f.csv
    run nightly
    [ "$output" = "" ]
    [ "$(emails)" = "cid@example.com ann@example.com bob@example.com fay@example.com" ]
    # By hand a file is taken at once; and at night, where nobody wants to wait.
    people dan >inbox/d.csv
    "$REGJOB" -c job.conf import inbox/d.csv
    people eva >inbox/e.csv
    sed -i 's/^settle_seconds.*/settle_seconds = 0/' job.conf
    run nightly
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(emails)" = "cid@example.com ann@example.com bob@example.com fay@example.com dan@example.com eva@example.com" ]
}

@test "a file of tomorrow does not wait for ever" {
    echo 'settle_seconds = 600' >>job.conf
    people ann >inbox/a.csv
    touch -d '+1 year' inbox/a.csv
    run nightly
    [ "$status" -eq 0 ]
    [[ "$output" == *"inbox/a.csv: "*"settle_seconds"* ]]
    run clock +1h "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = ann@example.com ]
    # A clock that went back knows no file of the past.
    people bob >inbox/b.csv
    run clock -1d "$REGJOB" -c job.conf nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = "ann@example.com bob@example.com" ]
}

# -- rejects belong to an import --

@test "an import that goes on leaves the rejects of another one of that name alone" {
    sed -i '/^inbox/a batch = 10' job.conf
    { echo email,password; seq -f 'yesterday %g' 300; } | drop b.csv
    run nightly
    [ "$status" -eq 2 ]
    { echo email,password; seq -f 'today %g' 300; } | drop a.csv
    run faulty TERM_AFTER_SYNCS=6 "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [ "$(ledger "SELECT max(rejects_bytes) FROM import_batch WHERE import_id = 2")" -gt 0 ]
    # Known by its content, under whatever name.
    mv inbox/a.csv inbox/b.csv
    for rejects in inbox/done/a.csv*rejects; do
        mv "$rejects" "${rejects/a.csv/b.csv}" || true
    done
    run nightly
    [ "$status" -eq 2 ]
    [ "$(rejects_of b.csv | grep -c yesterday)" = 300 ]
    [ "$(rejects_of b.csv | grep -c today)" = 300 ]
}

@test "rejects that somebody put another file in the place of are not written into" {
    sed -i '/^inbox/a batch = 10' job.conf
    { echo email,password; seq -f 'broken %g' 50; } >a.csv
    for kind in -s -P; do
        regjob_fresh
        rm -f ./*rejects* victim*
        run faulty KILL_AFTER_SYNCS=4 "$REGJOB" -c job.conf import a.csv
        [ "$status" -eq 137 ]
        seq 10000 >victim
        chmod 644 victim
        for rejects in a.csv.*rejects; do ln -f "$kind" "$PWD/victim" "$rejects"; done
        run "$REGJOB" -c job.conf import a.csv
        [ "$status" -eq 2 ]
        cmp victim <(seq 10000)
        [ "$(stat -c %a victim)" = 644 ]
        [ "$(cat a.csv.*rejects* | grep -c broken)" -gt 20 ]
    done
}

# -- limits --

@test "a compressed file that unpacks to a thousand times its size is left off, and the next one's turn comes" {
    { echo email,password; yes "$(printf 'x%.0s' {1..1000})" | head -c 100000000; } >bomb.csv
    gzip <bomb.csv | drop a.csv.gz
    zstd -q <bomb.csv | drop b.csv.zst
    people zoe | drop z.csv
    run nightly
    [ "$status" -eq 65 ]
    [[ "$output" == *"inbox/a.csv.gz: "*"max_expansion = 100"* ]]
    [[ "$output" == *"inbox/b.csv.zst: "*"max_expansion = 100"* ]]
    [ "$(ls inbox)" = $'a.csv.gz\nb.csv.zst\ndone' ]
    [ "$(emails)" = zoe@example.com ]
    [ "$(du -sm inbox | cut -f1)" -lt 140 ]
    [ "$(ledger "SELECT sum(read) = (SELECT count(*) FROM reject) FROM (SELECT max(read) AS read FROM import_batch WHERE import_id < 3 GROUP BY import_id)")" = 1 ]
    # Whoever knows the file lets it through: it goes on.
    echo 'max_expansion = 0' >>job.conf
    run nightly
    [ "$status" -eq 2 ]
    [ "$(ls inbox)" = done ]
    [ "$(ledger "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM reject GROUP BY import_id)")" = "99901,99901" ]
}

@test "a sparse file of 1 TB is said, and the next one's turn comes" {
    truncate -s 1T inbox/a.csv
    truncate -s 1T inbox/b.csv.gz
    touch -d '-1 hour' inbox/*
    people zoe | drop z.csv
    printf '[ledger]\npath = ledger.db\nrun_seconds = 60\n[import]\ninbox = inbox\n' >job.conf
    run nightly
    [ "$status" -eq 65 ]
    [ "${#lines[@]}" -eq 2 ]
    [[ "${lines[0]}" == *"inbox/a.csv: "*"1099511627776 bytes"*"raise max_expansion (now 100)"* ]]
    [[ "${lines[1]}" == *"inbox/b.csv.gz: "*"1099511627776 bytes"*"raise max_expansion (now 100)"* ]]
    [ "$(emails)" = zoe@example.com ]
    # An export, too.
    mkdir exports
    mv inbox/a.csv exports/
    printf '[reconcile]\ninbox = exports\n' >>job.conf
    rm inbox/*.gz
    run nightly
    [ "$status" -eq 65 ]
    [[ "$output" == *"exports/a.csv: "*"larger than"* ]]
}

@test "a file has its time, which is said with its name, and the next one's turn comes" {
    settings '{"passwordHash":{"memoryKiB":19456,"passes":2}}'
    { echo email,password; seq -f 'p%g@example.com,Abcdef1!x' 20000; } | drop a.csv
    printf 'email,outcome\nzoe@example.com,success\n' | drop z.csv
    printf 'batch = 10\nfile_seconds = 3\n' >>job.conf
    run nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: reached the time limit for one file (file_seconds = 3) before line "*"; the next import continues there"* ]]
    [ "$(ls inbox)" = $'a.csv\ndone' ]
    [ "$(ledger "SELECT count(*) FROM person WHERE email = 'zoe@example.com'")" = 1 ]
    done_before=$(ledger "SELECT coalesce(max(read), 0) FROM import_batch")
    settings '{"passwordHash":{"memoryKiB":8,"passes":1}}'
    sed -i 's/^file_seconds.*/file_seconds = 0/' job.conf
    run nightly
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(*), count(DISTINCT line) FROM attempt WHERE import_id = 1")" = "20000|20000" ]
    [ "$done_before" -lt 20000 ]
}

@test "of rejects so many bytes are kept, which is said once; all are counted" {
    printf 'batch = 7\nmax_rejects_bytes = 100\n' >>job.conf
    { echo email,password; seq -f 'broken%03g' 50; echo ann@example.com,Abcdef1!x; seq -f 'broken%03g' 51 100; } >whole
    drop a.csv <whole
    run nightly
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "$output" == *"inbox/a.csv: reached max_rejects_bytes = 100: counted 90 more rejects, the first in line 12, but did not write them to "* ]]
    [ "$(sums)" = "101|1|0|0|0|100" ]
    [ "$(rejects_of a.csv)" = "$(head -11 whole)" ]
    [ "$(ledger "SELECT count(*), sum(bytes) FROM reject")" = "100|1000" ]
    # Killed wherever, the same are kept.
    for syncs in 3 4 5 8; do
        regjob_fresh
        rm -rf inbox/done
        drop a.csv <whole
        run faulty KILL_AFTER_SYNCS=$syncs "$REGJOB" -c job.conf nightly
        [ "$status" -eq 137 ]
        run nightly
        [ "$status" -eq 2 ]
        [ "$(rejects_of a.csv)" = "$(head -11 whole)" ]
        [ "$(sums)" = "101|1|0|0|0|100" ]
    done
    # Also of one that is longer than memory may be, and of none.
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\nmax_field_bytes = 1K\nmax_rejects_bytes = 6000\n' >job.conf
    regjob_fresh
    rm -rf inbox/done
    { echo email,password; printf 'x%.0s' {1..5000}; echo; printf 'y%.0s' {1..5000}; echo; echo z; } >whole
    gzip <whole | drop a.csv.gz
    run nightly
    [ "$status" -eq 2 ]
    [[ "$output" == *"inbox/a.csv.gz: reached max_rejects_bytes = "*": counted 2 more rejects, the first in line 3, but did not write them to "* ]]
    [ "$(rejects_of a.csv.gz)" = "$(head -2 whole)" ]
    sed -i 's/^max_rejects_bytes.*/max_rejects_bytes = 0/' job.conf
    regjob_fresh
    rm -rf inbox/done
    drop a.csv <whole
    run nightly
    [ "$status" -eq 2 ]
    [ "$(ls inbox/done)" = "$(today).a.csv" ]
    [ "$(sums)" = "3|0|0|0|0|3" ]
}

@test "files that are left when the run ends are said" {
    people ann | drop a.csv
    people bob | drop b.csv
    people cid | drop c.csv
    # The fourth sync ends the first import.
    run faulty TERM_AFTER_SYNCS=4 "$REGJOB" -c job.conf nightly
    [ "$status" -eq 1 ]
    [[ "$output" == *"inbox: stopped by SIGTERM: 2 files are left for the next run"* ]]
    run nightly
    [ "$status" -eq 0 ]
    [ "$(emails)" = "ann@example.com bob@example.com cid@example.com" ]
}

# -- other folders --

@test "a Maildir whose parts are links gets no code" {
    ledger_reg "SELECT reg_settings_patch('{\"registrationType\":\"REQUIRE_EMAIL_ACTIVATION\"}');
                INSERT INTO reg_attempts(email, password) VALUES ('ann@example.com', 'Abcdef1!x')" >/dev/null
    for part in tmp new; do
        rm -rf mail elsewhere
        mkdir mail elsewhere
        ln -s ../elsewhere "mail/$part"
        run "$REGJOB" -c job.conf send
        [ "$status" -eq 78 ]
        [[ "$output" == *"mail"*"Maildir"* ]]
        [ "$(ls elsewhere)" = "" ]
    done
    rm -rf mail
    run "$REGJOB" -c job.conf send
    [ "$status" -eq 0 ]
    [ "$(find mail/new -type f | wc -l)" = 1 ]
}
