# SPDX-License-Identifier: MIT
# regjob settings: what reg_settings() and reg_settings_patch() do in SQL, from a file.

load ../helper

setup() {
    regjob_setup
}

# The newest settings as the function shows them.
in_force() {
    ledger_reg "SELECT reg_settings()"
}

changes() {
    ledger "SELECT count(*) FROM setting"
}

# As another program reads JSON: the members in order.
as_pairs() {
    /usr/bin/python3 -c 'import json, sys
for name, value in json.load(sys.stdin, object_pairs_hook=list):
    print(name, json.dumps(value))'
}

@test "it shows what the function shows, always in the same order, a line for a member" {
    run job settings
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "{" ]
    [ "${lines[1]}" = '  "registrationType": "AUTOMATIC",' ]
    [ "$(as_pairs <<<"$output")" = "$(in_force | as_pairs)" ]
    [ "$(job settings)" = "$output" ]
    [ "$(ledger "SELECT count(*) FROM run")" = 0 ]
    [ "$(changes)" = 2 ]
}

@test "a file replaces them, and what it does not name returns to its default" {
    settings '{"maxCodeTries":7,"sandbox":true}'
    printf '{"maxCodeTries": 3}' >settings.json
    run job settings settings.json
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    sqlite3 expected.db ".load ${REG%.so}" "SELECT reg_init(); SELECT reg_settings('{\"maxCodeTries\": 3}')" | tail -1 >expected
    [ "$(in_force)" = "$(cat expected)" ]
    # The run is on record, and what was in force before it, too.
    [ "$(ledger "SELECT command, exit_code, counts FROM run")" = 'settings|0|{"settings":{"replaced":1}}' ]
    [ "$(ledger "SELECT json ->> '$.maxCodeTries' FROM setting ORDER BY id DESC LIMIT 2")" = $'3\n7' ]
    # What was shown can be taken back, warnings and all.
    printf '\xEF\xBB\xBF{"pinConfirmationLength": 4, "passwordPolicy": {"profile": "classic", "minLength": 12}}\r\n' >settings.json
    run job settings settings.json
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "regjob: settings.json: pinConfirmationLength: below 6 a code is too easy to guess" ]
    job settings >shown.json
    grep -q warnings shown.json
    before=$(in_force)
    job settings "$ROOT/samples/settings/invas.json"
    [ "$(in_force)" != "$before" ]
    job settings shown.json
    [ "$(in_force)" = "$before" ]
}

@test "--patch changes only what is sent; standard input serves as well" {
    settings '{"maxCodeTries":7}'
    run job -v settings --patch - <<<'{"sandbox": true}'
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = "regjob: standard input: the settings were patched" ]
    [ "$(ledger "SELECT json ->> '$.maxCodeTries', json ->> '$.sandbox' FROM setting ORDER BY id DESC LIMIT 1")" = "7|1" ]
    # In pieces, through a pipe that waits.
    { printf '{"maxCode'; until_true test -e ready; printf 'Tries": 9}'; } | { touch ready; job settings --patch -; }
    [ "$(ledger "SELECT json ->> '$.maxCodeTries' FROM setting ORDER BY id DESC LIMIT 1")" = 9 ]
    run job settings --patch
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: settings --patch needs FILE: regjob settings --patch FILE" ]
    run job settings a b
    [ "$status" -eq 64 ]
}

@test "what the function refuses is refused with its words and 65, and changes nothing" {
    before=$(changes)
    while IFS= read -r json; do
        printf '%s' "$json" >settings.json
        said=$(ledger_reg "SELECT reg_settings('$json')" 2>&1) && false
        for option in --quiet --patch; do
            run job settings $option settings.json
            echo "$json: $status $output / $said"
            [ "$status" -eq 65 ]
            [[ "$said" == *"reg_settings: "* ]]
            [ "$output" = "regjob: settings.json: $(sed 's/^.*reg_settings: //; s/ (1)$//' <<<"$said"); the settings were not changed" ]
        done
    done <<'END'
{"pinLength":5}
{"tokenLifetimeInSeconds":59}
{"passwordPolicy":"strict"}
{"passwordHash":{"memoryKiB":7,"passes":1}}
{"sandbox":true,"sandbox":false}
[]
{
"text"

END
    head -c 1100000 /dev/zero | tr '\0' ' ' >long
    printf '{"sandbox":true}\0' >nul
    printf '{"defaultUserType":"\xff"}' >ill-formed
    mkdir folder
    for file in long nul ill-formed folder; do
        run job settings "$file"
        echo "$output"
        [ "$status" -eq 65 ]
        [[ "$output" == "regjob: $file: "*"; the settings were not changed" ]]
    done
    run job settings nowhere
    [ "$status" -eq 1 ]
    [ "$output" = "regjob: nowhere: No such file or directory" ]
    [ "$(changes)" = "$before" ]
}

@test "a file that was given by mistake is not shown" {
    printf 'sesame-4711' >token
    run job settings token
    echo "$output"
    [ "$status" -eq 65 ]
    [[ "$output" != *sesame* ]]
    [[ "$output" == *"(line 1, column "* ]]
    printf '{"sandbox": true, "token": "sesame-4711"' >token
    run job settings token
    echo "$output"
    [[ "$output" != *sesame* ]]
    run job settings ledger.db.key
    [ "$status" -eq 65 ]
    # Nor by the function.
    run ledger_reg "SELECT reg_settings('sesame-4711')"
    [[ "$output" != *sesame* ]]
}

@test "another one who writes is waited for, and then told" {
    printf '[ledger]\npath = ledger.db\nbusy_timeout_ms = 100\n' >busy.conf
    coproc HOLD { sqlite3 -batch ledger.db; }
    echo "BEGIN IMMEDIATE; SELECT 'begun';" >&"${HOLD[1]}"
    read -r -u "${HOLD[0]}" _
    run "$REGJOB" -c busy.conf settings --patch - <<<'{"sandbox": true}'
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *locked* ]]
    # To show them needs no lock.
    run "$REGJOB" -c busy.conf settings
    [ "$status" -eq 0 ]
}
