# SPDX-License-Identifier: MIT
# The form of messages: for people, for programs, for systemd's journal.

load ../helper

setup() {
    regjob_setup
    printf 'email,outcome\nada@example.com,success\n"bad\n' >"it's \"quoted\" \\ and"$'\t'"long.csv"
    name=$(ls ./*.csv)
}

# Each line is one object of the same members; prints them as `level run command`, and keeps the messages
lines() {
    /usr/bin/python3 -c '
import json, re, sys
for line in sys.stdin:
    one = json.loads(line)
    assert list(one) == ["time", "level", "command", "run", "message"], one
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["time"]), one
    print(one["level"], one["run"], one["command"], one["message"], sep="|")'
}

@test "--log-format json: one object a line, with the number of the run" {
    job --log-format json -v import "$name" >out 2>err || [ $? = 2 ]
    lines <err >said
    cat said
    run=$(ledger "SELECT max(id) FROM run")
    [ "$(cut -d'|' -f1-3 said)" = "error|$run|import" ]
    # What is quoted and what would begin a line of its own arrives as the text shows it to people.
    job import "$name" -v >out 2>plain || [ $? = 2 ]
    grep -qF 'it'"'"'s "quoted" \ and\x09long.csv' said
    job --log-format json -v forget ada@example.com 2>err
    [ "$(lines <err)" = "info|$((run + 2))|forget|a***@example.com: 1 attempt erased" ]
    # Before there is a run, its number is null.
    run "$REGJOB" --log-format json -l nowhere.db send
    [ "$status" -eq 1 ]
    [ "$(lines <<<"$output" | cut -d'|' -f1-3)" = 'error|None|send' ]
    run job --log-format xml send
    [ "$status" -eq 64 ]
    [[ "$output" == *'--log-format xml: expected text|json'* ]]
    # The form for people is the usual one.
    job --log-format text -v import "$name" 2>err || [ $? = 2 ]
    grep -q '^regjob: ' err
}

@test "in systemd's journal each line begins with its priority, elsewhere none does" {
    : >journal
    journal=$(stat -c %d:%i journal)
    JOURNAL_STREAM=$journal job import "$name" 2>>journal || [ $? = 2 ]
    JOURNAL_STREAM=$journal job -v init 2>>journal
    grep -q '^<3>regjob: ' journal
    grep -q '^<6>regjob: ' journal
    [ "$(grep -vc '^<[36]>regjob: ' journal)" = 0 ]
    : >journal
    JOURNAL_STREAM=$journal "$REGJOB" --log-format json -l nowhere.db send 2>>journal || [ $? = 1 ]
    [[ "$(cat journal)" == '<3>{"time":'* ]]
    # Inherited by a program whose standard error is another file.
    JOURNAL_STREAM=$journal job -v import "$name" 2>elsewhere || [ $? = 2 ]
    [ "$(grep -c '^<' elsewhere)" = 0 ]
}
