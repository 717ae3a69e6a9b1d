# SPDX-License-Identifier: MIT
# regjob import: what a file is known by, so that a sign-up of a file becomes an attempt once, however often it is imported.

load ../helper

setup() {
    regjob_setup
    printf 'email,password\nann@example.com,Abcdef1!x\nbob@example.com,Abcdef1!x\n' >a.csv
}

attempts() {
    ledger "SELECT count(*) FROM attempt"
}

# Killed after some commits, the first being those of the run and of the import itself.
stop_half_way() {
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 2\n' >job.conf
    run faulty "KILL_AFTER_SYNCS=${2:-4}" "$REGJOB" -c job.conf import "$1"
    [ "$status" -eq 137 ]
}

@test "the same file again: nothing happens, and it says when it was imported" {
    job import a.csv
    before=$(contents)
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    run job -v import a.csv
    [ "$status" -eq 0 ]
    [[ "$output" =~ "a.csv: imported already (import 1, "20[0-9T:.-]+Z"): nothing to do" ]]
    [ "$(contents)" = "$before" ]
}

@test "the same content under another name is the same file" {
    job import a.csv
    cp a.csv b.csv
    run job -v import b.csv
    [ "$status" -eq 0 ]
    [[ "$output" == *"b.csv: imported already (import 1"* ]]
    [ "$(attempts)" = 2 ]
}

@test "the same name with other content is another file" {
    job import a.csv
    printf 'email,password\ncid@example.com,Abcdef1!x\n' >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(attempts)" = 3 ]
    [ "$(ledger "SELECT count(*), max(continues) FROM import")" = "2|" ]
}

@test "a file that has grown goes on after what was imported; lines keep their numbers" {
    printf 'broken\n' >>a.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    printf 'cid@example.com,Abcdef1!x\nbroken too\n' >>a.csv
    run job -v import a.csv
    [ "$status" -eq 2 ]
    [[ "$output" == *"a.csv: has grown since import 1: goes on at line 5"* ]]
    [ "$(ledger "SELECT import_id, line FROM attempt ORDER BY id")" = $'1|2\n1|3\n2|5' ]
    [ "$(ledger "SELECT import_id, line FROM reject")" = $'1|4\n2|6' ]
    [ "$(ledger "SELECT continues FROM import WHERE id = 2")" = 1 ]
    [ "$(sums)" = "2|1|0|0|0|1" ]
    run job -v import a.csv
    [[ "$output" == *"imported already (import 2"* ]]
    # Rejects of both are there to be mended.
    [ "$(cat a.csv.2.rejects)" = $'email,password\nbroken too' ]
    [ "$(cat a.csv.1.rejects)" = $'email,password\nbroken' ]
}

@test "a file that has grown, killed before its first commit: its beginning is not imported again" {
    job import a.csv
    for turn in 1 2; do
        printf '%s@example.com,Abcdef1!x\n' "more$turn" >>a.csv
        stop_half_way a.csv 3
        [ "$(ledger "SELECT count(*), sum(finished_at IS NULL), (SELECT count(*) FROM import_batch) FROM import")" = "$((turn + 1))|$turn|1" ]
    done
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT line FROM attempt ORDER BY id" | tr '\n' ' ')" = "2 3 4 5 " ]
}

@test "a file that has grown by a blank line, and then by more, goes on all the same" {
    job import a.csv
    printf '\n' >>a.csv
    job import a.csv
    printf 'cid@example.com,Abcdef1!x\n' >>a.csv
    run job -v import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT line FROM attempt ORDER BY id" | tr '\n' ' ')" = "2 3 5 " ]
}

@test "a file whose last line had no end yet is not taken for grown in the middle of it" {
    printf 'cid@example.com,Abcdef1!' >>a.csv
    job import a.csv
    printf 'x\ndan@example.com,Abcdef1!x\n' >>a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"a.csv: cannot go on at byte"* ]]
    [ "$(attempts)" = 3 ]
    [ "$(ledger "SELECT count(*) FROM import")" = 1 ]
}

@test "changed while it was stopped: refused, with both digests and the way out" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    stop_half_way a.csv
    then=$(b2sum -l 256 a.csv | cut -d' ' -f1)
    sed 's/p9@/p99@/' a.csv >b.csv && cat b.csv >a.csv
    now=$(b2sum -l 256 a.csv | cut -d' ' -f1)
    before=$(attempts)
    [ "$before" -gt 0 ]
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"import 1"*"$then"*"$now"* ]]
    [ "$(attempts)" = "$before" ]
    run job --name other import a.csv
    [ "$status" -eq 0 ]
}

@test "truncated while it was stopped: refused, with both digests" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    stop_half_way a.csv
    then=$(b2sum -l 256 a.csv | cut -d' ' -f1)
    truncate -s -30 a.csv
    now=$(b2sum -l 256 a.csv | cut -d' ' -f1)
    run job import a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"$then"*"$now"* ]]
    truncate -s 0 a.csv
    run job import a.csv
    [ "$status" -eq 65 ]
}

@test "truncated after it was imported: another file of the same name" {
    job import a.csv
    head -2 a.csv >b.csv && cat b.csv >a.csv
    run job import a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT line, reasons FROM attempt WHERE import_id = 2")" = '2|["email_taken"]' ]
}

@test "stopped half-way and moved: known by its content, and goes on" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    stop_half_way a.csv
    mv a.csv moved.csv
    run job import moved.csv
    [ "$status" -eq 0 ]
    [ "$(sums)" = "12|12|0|0|0|0" ]
    [ "$(ledger "SELECT count(*) FROM import")" = 1 ]
}

@test "rejects that nobody has mended yet are never overwritten" {
    for i in 1 2 3; do
        printf 'email,password\nbroken %d\n' "$i" >a.csv
        job import a.csv || [ $? -eq 2 ]
    done
    [ "$(cat a.csv.3.rejects)" = $'email,password\nbroken 3' ]
    [ "$(cat a.csv.1.rejects)" = $'email,password\nbroken 1' ]
    [ "$(cat a.csv.2.rejects)" = $'email,password\nbroken 2' ]
    [ "$(stat -c %a a.csv.1.rejects)" = 600 ]
}

@test "rejects that were moved on while the import was stopped leave the rest a file in good form" {
    printf 'email,password\nbroken 1\nbroken 2\nbroken 3\nbroken 4\nbroken 5\nbroken 6\n' >a.csv
    stop_half_way a.csv
    [ "$(head -2 a.csv.1.rejects)" = $'email,password\nbroken 1' ]
    done_before=$(ledger "SELECT max(read) FROM import_batch")
    mv a.csv.1.rejects mended.csv
    run job import a.csv
    [ "$status" -eq 2 ]
    [ "$(head -2 a.csv.1.rejects)" = $'email,password\nbroken '$((done_before + 1)) ]
    [ "$(wc -l <a.csv.1.rejects)" = $((7 - done_before)) ]
}

@test "standard input without a name is a file of its own each time" {
    job import - <a.csv
    run job import - <a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT import_id, count(*), outcome FROM attempt GROUP BY 1")" = $'1|2|success\n2|2|failure' ]
    run job import - <<<$'email,password\nbroken'
    [ "$status" -eq 2 ]
    [ "$(cat ledger.db.import-3.rejects)" = $'email,password\nbroken' ]
    [ "$(stat -c %a ledger.db.import-3.rejects)" = 600 ]
}

@test "standard input with --name is imported once" {
    job --name crm import - <a.csv
    [ "$(ledger "SELECT name, bytes, hex(digest) FROM import")" = "crm|$(stat -c %s a.csv)|$(b2sum -l 256 a.csv | cut -d' ' -f1 | tr a-f A-F)" ]
    run job -v --name crm import - <a.csv
    [ "$status" -eq 0 ]
    [[ "$output" == *"\`crm\` was imported already (import 1)"* ]]
    [ "$(attempts)" = 2 ]
}

@test "a named stream that was stopped goes on, and another stream under its name is noticed" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 2\n' >job.conf
    run faulty KILL_AFTER_SYNCS=4 "$REGJOB" -c job.conf --name crm import - <a.csv
    [ "$status" -eq 137 ]
    done_before=$(attempts)
    [ "$done_before" -gt 0 ] && [ "$done_before" -lt 12 ]
    sed 's/ann@/zoe@/' a.csv >b.csv
    run job --name crm import - <b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"has changed since"* ]]
    [ "$(attempts)" = "$done_before" ]
    head -2 a.csv >c.csv
    run job --name crm import - <c.csv
    [ "$status" -eq 65 ]
    run job --name crm import - <a.csv
    [ "$status" -eq 0 ]
    [ "$(sums)" = "12|12|0|0|0|0" ]
    [ "$(ledger "SELECT hex(digest) FROM import")" = "$(b2sum -l 256 a.csv | cut -d' ' -f1 | tr a-f A-F)" ]
}

@test "--name with several files is a mistake" {
    cp a.csv b.csv
    run job --name x import a.csv b.csv
    [ "$status" -eq 64 ]
    [[ "$output" == *"--name names one file, not several"* ]]
}

@test "the law of the sum: an attempt that is missing or one too many is noticed at the end" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    stop_half_way a.csv
    ledger "DELETE FROM attempt WHERE id = 1"
    run job import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"a.csv: the sum does not hold: read 12 = success 12 "*"import 1 has 11 = 11 "* ]]
    [ "$(ledger "SELECT finished_at FROM import")" = "" ]
}

@test "the law of the sum: counts that were edited are noticed" {
    seq -f 'p%g@example.com,Abcdef1!x' 10 >>a.csv
    stop_half_way a.csv
    run ledger "UPDATE import_batch SET success = success + 1"
    [ "$status" -ne 0 ]
    [[ "$output" == *sum_holds* ]]
    ledger "UPDATE import_batch SET success = success + 1, read = read + 1"
    run job import a.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"the sum does not hold"* ]]
}

@test "a file that changes while it is read is noticed, and what was committed stands" {
    { cat a.csv; seq -f 'p%g@example.com,Abcdef1!x' 10; } >b.csv
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 2\n' >job.conf
    then=$(b2sum -l 256 b.csv | cut -d' ' -f1)
    run faulty TOUCH_AFTER_SYNCS=4 TOUCH_FILE=b.csv "$REGJOB" -c job.conf import b.csv
    [ "$status" -eq 1 ]
    [[ "$output" == *"b.csv: has changed while it was read (BLAKE2b $then then, $(b2sum -l 256 b.csv | cut -d' ' -f1) now)"* ]]
    [ "$(attempts)" -lt 12 ]
    [ "$(attempts)" = "$(ledger "SELECT max(read) FROM import_batch")" ]
}
