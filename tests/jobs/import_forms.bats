# SPDX-License-Identifier: MIT
# regjob import: compressed files, folders, fields without end, and the limit of rejects.

load ../helper

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 10\nmax_field_bytes = 1K\n' >job.conf
    { echo email,password; seq -f 'p%g@example.com,Abcdef1!x' 35; echo broken; } >a.csv
}

import() {
    "$REGJOB" -c job.conf import "$@"
}

@test "gzip and zstd files are read by their names, known by their bytes, and leave plain rejects" {
    gzip -k a.csv
    sed 's/^p/q/' a.csv >b.csv
    zstd -q b.csv
    run import a.csv.gz b.csv.zst
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT count(*), count(DISTINCT email) FROM person")" = "70|70" ]
    [ "$(ledger "SELECT hex(digest) FROM import WHERE id = 1")" = "$(b2sum -l 256 a.csv.gz | cut -d' ' -f1 | tr a-f A-F)" ]
    [ "$(cat a.csv.gz.1.rejects b.csv.zst.2.rejects)" = $'email,password\nbroken\nemail,password\nbroken' ]
    [ "$(ledger "SELECT line, byte_offset FROM reject")" = "$(printf '37|%d\n37|%d' "$(head -36 a.csv | wc -c)" "$(head -36 b.csv | wc -c)")" ]
    run "$REGJOB" -v -c job.conf import a.csv.gz
    [[ "$output" == *"imported already"* ]]
}

@test "a compressed file that was stopped half-way goes on, and one that has grown by another part too" {
    gzip -k a.csv
    run faulty KILL_AFTER_SYNCS=4 "$REGJOB" -c job.conf import a.csv.gz
    [ "$status" -eq 137 ]
    done_before=$(ledger "SELECT count(*) FROM attempt")
    [ "$done_before" -gt 0 ] && [ "$done_before" -lt 35 ]
    run import a.csv.gz
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT count(*), count(DISTINCT email) FROM person")" = "35|35" ]
    echo z@example.com,Abcdef1!x | gzip >>a.csv.gz
    run import a.csv.gz
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT import_id, line FROM attempt WHERE id = 36")" = "2|38" ]
}

@test "a damaged, cut-off or otherwise compressed file: exit 65, and what was committed of it stands" {
    seq -f 'p%g@example.com,Abcdef1!x' 20000 | sed '1i email,password' >c.csv
    gzip -k c.csv
    zstd -q c.csv
    for file in c.csv.gz c.csv.zst; do
        regjob_fresh
        head -c $(($(stat -c %s "$file") / 2)) "$file" >"cut.${file#c.}"
        run import "cut.${file#c.}"
        [ "$status" -eq 65 ]
        [[ "$output" == *"cut.${file#c.}: the compressed file is damaged or cut off"* ]]
        [ "$(ledger "SELECT count(*) FROM attempt")" = "$(ledger "SELECT coalesce(max(read), 0) FROM import_batch")" ]
    done
    cp a.csv plain.csv.gz
    run import plain.csv.gz
    [ "$status" -eq 65 ]
    [[ "$output" == *"plain.csv.gz: the compressed file is damaged"* ]]
}

@test "a folder: its sign-ups in the order of their names, which stay where they are" {
    mkdir folder
    sed 's/^p/b/' a.csv >folder/b.csv
    gzip -c a.csv >folder/a.csv.gz
    echo no >folder/notes.txt
    run import folder
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT email FROM person WHERE attempt_id IN (1, 36) ORDER BY 1")" = $'b1@example.com\np1@example.com' ]
    [ "$(ls folder | tr '\n' ' ')" = "a.csv.gz a.csv.gz.1.rejects b.csv b.csv.2.rejects notes.txt " ]
    run import --name x folder
    [ "$status" -eq 64 ]
    mkdir empty
    run "$REGJOB" -v -c job.conf import empty
    [ "$status" -eq 0 ]
    [[ "$output" == *"empty: no files of sign-ups (*.csv, *.json"* ]]
}

@test "the inbox takes compressed files too" {
    mkdir inbox
    gzip -c a.csv >inbox/a.csv.gz
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\nsettle_seconds = 0\n' >job.conf
    run "$REGJOB" -c job.conf nightly
    [ "$status" -eq 2 ]
    [ -e "inbox/done/$(date -u +%F).a.csv.gz" ]
    [ "$(cat inbox/done/a.csv.gz.1.rejects)" = $'email,password\nbroken' ]
}

@test "a field without end is a reject whose bytes are all kept, from a file, a pipe and a compressed file" {
    { echo email,password; printf 'a@example.com,'; head -c 3000000 /dev/zero | tr '\0' x; echo; echo b@example.com,Abcdef1!x; } >long.csv
    gzip -k long.csv
    for way in long.csv long.csv.gz -; do
        regjob_fresh
        run import "$way" <long.csv
        [ "$status" -eq 2 ]
        [ "$(ledger "SELECT kind, line, bytes FROM reject")" = "too_long|2|3000015" ]
        rejects=$(ls ./*.rejects)
        cmp "$rejects" <(head -2 long.csv)
        [ "$(ledger "SELECT email FROM person")" = b@example.com ]
        rm "$rejects"
    done
}

@test "memory does not grow with a field of 100 MB" {
    { echo email,password; printf 'a@example.com,'; head -c 100000000 /dev/zero | tr '\0' x; echo; } >long.csv
    echo 'workers = 1' >>job.conf
    run bounded 700000 "$REGJOB" -c job.conf import long.csv
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT kind, bytes FROM reject")" = "too_long|100000015" ]
    [[ "$(ledger "SELECT message FROM reject")" == *max_field_bytes* ]]
}

@test "--max-rejects N: more than that, and nothing is kept of the file beyond its last commit" {
    { echo email,password; seq -f ' p%g@example.com,Abcdef1!x' 20; seq -f 'broken %g' 5; seq -f 'q%g@example.com,Abcdef1!x' 20; } >b.csv
    run import --max-rejects 5 b.csv
    [ "$status" -eq 2 ]
    regjob_fresh
    run import --max-rejects 4 b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"b.csv: stopped: 5 of 30 rows are rejects (--max-rejects 4); nothing from line 22 was imported"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 20 ]
    [ "$(ledger "SELECT count(*) FROM reject")" = 0 ]
    # What was kept had notes, which stand in the run's record.
    [ "$(ledger "SELECT counts ->> '$.files[0].noted' FROM run ORDER BY id DESC LIMIT 1")" = 20 ]
    # Without the limit it goes on from there.
    run import b.csv
    [ "$status" -eq 2 ]
    [ "$(sums)" = "45|40|0|0|0|5" ]
}

@test "--max-rejects N%: of what has been read, asked at each commit" {
    { echo email,password; seq -f 'p%g@example.com,Abcdef1!x' 18; echo broken; seq -f 'q%g@example.com,Abcdef1!x' 21; } >b.csv
    run import --max-rejects 5% b.csv
    [ "$status" -eq 2 ]
    regjob_fresh
    run import --max-rejects 4.9% b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"stopped: 1 of 20 rows are rejects (--max-rejects 4.9%)"* ]]
    for wrong in x 5x % 101% -1; do
        run import "--max-rejects=$wrong" b.csv
        [ "$status" -eq 64 ]
    done
}

@test "a file of which nothing was committed may be mended and imported under its name" {
    printf 'email,password\nbroken\n' >b.csv
    run import --max-rejects 0 b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"nothing after line 1 was imported"* ]]
    printf 'email,password\nb@example.com,Abcdef1!x\n' >b.csv
    run import --max-rejects 0 b.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT email FROM person")" = b@example.com ]
}
