# SPDX-License-Identifier: MIT
# regjob import: JSON Lines and arrays: rows, rejects, going on after a stop, growth, and documents that are damaged.

load ../helper

setup() {
    regjob_setup
    settings '{"requiredFields":[]}'
    regjob_keep
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 10\nmax_field_bytes = 1K\n' >job.conf
}

import() {
    "$REGJOB" -c job.conf import "$@"
}

# N records of every kind, one a line.
mixed() {
    seq "$1" | awk '
        $1 % 6 == 0 { printf "{\"email\":\"p%d@example.com\",\"password\":\"short\",\"attempted_at\":1700000000}\n", $1; next }
        $1 % 6 == 1 { printf "{\"attempted_at\":1700000000, \"password\":\"Abcdef1!x\", \"E-Mail\":\"p%d@example.com\"}\n", int($1 / 2); next }
        $1 % 6 == 2 { printf "[%d]\n", $1; next }
        $1 % 6 == 3 { printf "{\"email\":\"q%d@example.com\",\"outcome\":\"success\",\"nothing\":{\"a\":[1,\"}\"]},\"attempted_at\":\"1700000000\"}\n", $1; next }
        $1 % 6 == 4 { printf "{\"email\":\"r%d@example.com\",\"email\":\"x\"}\n", $1; next }
        { printf "{\"email\":\"p%d@example.com\",\"password\":\"Abcdef1!x\",\"attempted_at\":1700000000,\"phone\":null}\n", $1 }'
}

# The same as an array, over several lines.
as_array() {
    printf '[\n'
    sed '$!s/$/,/; s/^{/{\n  /'
    printf ']\n'
}

@test "members are columns by any of their names; numbers stay as written, null is nothing, escapes become text" {
    cat >a.jsonl <<'END'
{"E-Mail Address":"ada@example.com","password":"Abcdef1!x","custom_id":12345678901234567890,"given_name":"Zo\u00eb \ud83c\udf3b","consents":{"news":"accepted"}}

{"password":"Abcdef1!x","email":"bob@example.com","custom_id":1.50e+2,"given_name":null,"guest_account":true,"consent_terms":"accepted"}
END
    run import a.jsonl
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT a.line, p.email, p.custom_id, p.given_name FROM attempt a JOIN person p ON p.attempt_id = a.id ORDER BY a.id")" = $'1|ada@example.com|12345678901234567890|Zoë 🌻\n3|bob@example.com|1.50e+2|' ]
    [ "$(ledger "SELECT guest_account FROM attempt ORDER BY id" | tr '\n' ,)" = ",1," ]
    [ "$(ledger_reg "SELECT consents ->> '$.news.state', consents ->> '$.terms.state' FROM reg_attempts ORDER BY id")" = $'accepted|\n|accepted' ]
    [ "$(ledger "SELECT form FROM import")" = "JSON Lines" ]
}

@test "rejects: their line and byte, what they are, and their bytes, to be mended and imported again" {
    printf '{"email":"a@example.com","password":"Abcdef1!x"}\n{"email":"b@example.com","password":"Abcdef1!x"\n7\n{"email":"c@example.com","e_mail":"x"}\n{"email":"\xff"}\n{"email":"\\ud800"}\n{"name":"\\u0000","email":"d@example.com"}\n{"name":"%01500d"}\n{"email":"e@example.com","pass' 0 >a.ndjson
    run import a.ndjson
    [ "$status" -eq 2 ]
    [[ "$output" == *"8 lines rejected (the first in line 2: syntax): see a.ndjson.1.rejects"* ]]
    [ "$(ledger "SELECT line, coalesce(mistake, kind) FROM reject ORDER BY line" | tr '\n' ' ')" = "2|syntax 3|not_an_object 4|member 5|encoding 6|encoding 7|nul 8|too_long 9|syntax " ]
    [ "$(ledger "SELECT byte_offset, bytes FROM reject WHERE line = 4")" = "$(head -3 a.ndjson | wc -c)|$(sed -n 4p a.ndjson | wc -c)" ]
    diff <(tail -n +2 a.ndjson; echo) a.ndjson.1.rejects
    sed -n '1s/$/}/p' a.ndjson.1.rejects >mended.ndjson
    run import mended.ndjson
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT group_concat(email) FROM person WHERE email IS NOT NULL")" = "a@example.com,b@example.com" ]
}

@test "an array counts its records, and its rejects are lines" {
    mixed 60 >lines.ndjson
    as_array <lines.ndjson >a.json
    run import a.json
    [ "$status" -eq 2 ]
    [[ "$output" == *"20 records rejected (the first in record 2: not_an_object): see a.json.1.rejects"* ]]
    [ "$(ledger "SELECT form FROM import")" = "a JSON array" ]
    contents >by_array
    diff <(grep -E '^\[|"x"' lines.ndjson | tr -d ' ') <(tr -d ' ' <a.json.1.rejects)
    regjob_fresh
    import lines.ndjson || [ $? -eq 2 ]
    sed 's/\(lines.ndjson\|a.json\)//g' by_array >expected
    contents | sed 's/\(lines.ndjson\|a.json\)//g' >found
    diff <(grep -v 'byte\|reject\|^import\|^sums' expected) <(grep -v 'byte\|reject\|^import\|^sums' found)
    # Compact, on one line, and in an object: the same records.
    for form in 'jq_compact' 'in_object'; do
        regjob_fresh
        rm -f ./*.rejects
        python3 -c 'import json, sys
rows = [line.strip() for line in open("lines.ndjson")]
print({"jq_compact": "[%s]", "in_object": "{\"realm\":{\"users\":7},\"users\": [%s] , \"z\":[1]}"}[sys.argv[1]] % ",".join(rows), end="")' "$form" >b.json
        run import b.json
        [ "$status" -eq 2 ]
        contents | sed 's/b.json//g' >found
        diff <(grep -v 'byte\|reject\|^import\|^sums' expected) <(grep -v 'byte\|reject\|^import\|^sums' found)
    done
}

@test "killed at any commit and started again: the same as without, in lines, in an array, compressed" {
    mixed 120 >a.ndjson
    as_array <a.ndjson >b.json
    gzip -k b.json
    zstd -q a.ndjson
    for file in a.ndjson b.json b.json.gz a.ndjson.zst; do
        regjob_fresh
        rm -f ./*.rejects
        import "$file" 2>/dev/null || [ $? -eq 2 ]
        contents >undisturbed
        mv "$file.1.rejects" undisturbed.bytes
        for kill in 3 6 11; do
            regjob_fresh
            rm -f ./*.rejects
            run faulty KILL_AFTER_SYNCS=$kill "$REGJOB" -c job.conf import "$file"
            [ "$status" -eq 137 ]
            count=$(ledger "SELECT count(*) FROM attempt")
            [ "$count" -lt 80 ]
            run import "$file"
            [ "$status" -eq 2 ]
            contents >found
            diff undisturbed found
            cmp undisturbed.bytes "$file.1.rejects"
        done
    done
}

@test "through a pipe with a name, stopped and gone on with" {
    mixed 120 >a.ndjson
    run faulty KILL_AFTER_SYNCS=5 "$REGJOB" -c job.conf import --name x - <a.ndjson
    [ "$status" -eq 137 ]
    run import --name x - <a.ndjson
    [ "$status" -eq 2 ]
    [ "$(sums | cut -d'|' -f1)" = 120 ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 80 ]
}

@test "a file of lines that has grown goes on behind its last line; the same file again does nothing" {
    mixed 30 >a.ndjson
    import a.ndjson 2>/dev/null || [ $? -eq 2 ]
    printf '{"email":"new@example.com","password":"Abcdef1!x"}\n' >>a.ndjson
    run import a.ndjson
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT import_id, line FROM attempt ORDER BY id DESC LIMIT 1")" = "2|31" ]
    run "$REGJOB" -v -c job.conf import a.ndjson
    [[ "$output" == *"imported already"* ]]
}

@test "a document that ends early or is no JSON in its middle: nothing of it is taken" {
    mixed 60 | as_array >whole.json
    head -c $(($(stat -c %s whole.json) - 100)) whole.json >cut.json
    sed '0,/"outcome":/s//"outcome" /' whole.json >broken.json
    cp whole.json behind.json
    echo '{}' >>behind.json
    gzip -c cut.json >packed.json.gz
    for file in cut.json broken.json behind.json packed.json.gz; do
        run import "$file"
        [ "$status" -eq 65 ]
        [[ "$output" =~ ^"regjob: $file: byte "[0-9]+" (line "[0-9]+"): no JSON: expected " ]]
        [ "$(ledger "SELECT count(*) FROM import")" = 0 ]
    done
    [[ "$(import cut.json 2>&1)" == *"the document ends early" ]]
    [[ "$(import behind.json 2>&1)" == *"byte $(($(stat -c %s whole.json) + 1)) (line $(($(wc -l <whole.json) + 1))): no JSON: expected nothing more" ]]
    # A pipe is read once only: what was committed of it stands.
    run import --name x - <cut.json
    [ "$status" -eq 65 ] || [ "$status" -eq 1 ]
    [[ "$output" == *"the document ends early"* ]]
    [ "$(ledger "SELECT count(*) FROM attempt")" = "$(ledger "SELECT coalesce(max(success + failed), 0) FROM import_batch")" ]
    run import whole.json
    [ "$status" -eq 2 ]
}

@test "unknown members are named at the end, and --strict rejects their records" {
    printf '{"email":"a@example.com","password":"Abcdef1!x"}\n{"email":"b@example.com","password":"Abcdef1!x","Countr":"AT"}\n' >a.jsonl
    run import --strict a.jsonl
    [ "$status" -eq 2 ]
    [ "$(ledger "SELECT line, mistake, message FROM reject")" = "2|member|Countr means nothing here, and --strict refuses it" ]
    [ "$(ledger "SELECT count(*) FROM attempt")" = 1 ]
    regjob_fresh
    run import a.jsonl
    [ "$status" -eq 0 ]
    [[ "$output" == *'unknown column: 3 `Countr` (did you mean `country`?); ignored'* ]]
    [[ "$(ledger "SELECT counts ->> '$.files[0].unknown_columns' FROM run WHERE command = 'import'")" == *Countr* ]]
}

@test "half of a file read one way is not gone on with in another" {
    { printf 'email;password\n'; seq -f 'p%g@example.com;Abcdef1!x' 40; } >a.csv
    run faulty KILL_AFTER_SYNCS=4 "$REGJOB" -c job.conf import a.csv
    [ "$status" -eq 137 ]
    run import --encoding latin-1 a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"import 1 read the beginning of this file as CSV separated by semicolons (found from the header), and now it would be read as CSV separated by semicolons (found from the header), in latin-1 (as it was named): name the same profile, encoding and separator"* ]]
    run import --separator semicolon a.csv
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT count(DISTINCT email) FROM person")" = 40 ]
}

@test "confirmations come as JSON, too" {
    pins
    printf '{"email":"a@example.com","password":"Abcdef1!x"}\n' >a.jsonl
    import a.jsonl
    printf '{"subject":"a@example.com","code":"000000"}\n{"subject":"nobody@example.com","pin":123456}\n' >c.jsonl
    run "$REGJOB" -c job.conf confirm c.jsonl
    [ "$status" -eq 0 ]
    [ "$(ledger "SELECT verdict FROM continuation ORDER BY line" | tr '\n' ' ')" = "invalid_code not_found " ]
    printf '{"subject":"a@example.com"}\n' >d.jsonl
    run "$REGJOB" -c job.conf confirm d.jsonl
    [ "$status" -eq 65 ]
    [[ "$output" == *'line 1: none of its members says who it is about: expected `subject` and `code`'* ]]
}

@test "reg_signups shows the verdicts of the same file" {
    mixed 60 >a.ndjson
    as_array <a.ndjson >a.json
    for file in a.ndjson a.json; do
        regjob_fresh
        ledger_reg "SELECT line, outcome, reasons FROM reg_signups('$file') ORDER BY line" >foretold
        import "$file" 2>/dev/null || [ $? -eq 2 ]
        ledger "SELECT line, outcome, coalesce(reasons, '[]') FROM attempt
                UNION ALL SELECT line, 'rejected', '[\"' || coalesce(mistake, what, kind) || '\"]' FROM reject ORDER BY 1" >found
        diff foretold found
    done
    echo '[{"email":"a@example.com"}' >cut.json
    run ledger_reg "SELECT * FROM reg_signups('cut.json')"
    [[ "$output" == *"cut.json: byte 28 (line 2): no JSON: expected \`]\`: the document ends early"* ]]
}

@test "the inbox takes them, compressed, too" {
    mkdir inbox
    printf '[ledger]\npath = ledger.db\n[import]\ninbox = inbox\nsettle_seconds = 0\n' >job.conf
    mixed 30 | as_array >inbox/a.json
    mixed 6 | sed 's/@example.com/@example.org/' | gzip >inbox/b.ndjson.gz
    echo '{"email":"c@example.com","password":"Abcdef1!x"}' >inbox/c.jsonl
    run "$REGJOB" -c job.conf nightly
    [ "$(ledger "SELECT count(*) FROM import WHERE finished_at IS NOT NULL")" = 3 ]
    [ "$(ls inbox/done | grep -c 'a.json$\|b.ndjson.gz$\|c.jsonl$')" = 3 ]
}

@test "memory does not grow with an array; SOAK=1: of 1 GB" {
    rows=$([ -n "${SOAK-}" ] && echo 4500000 || echo 60000)
    # Told failures: what is measured is the reader.
    awk -v rows="$rows" 'BEGIN {
        printf "{\"a\":1,\"users\":["
        for (i = 0; i < rows; i++)
            printf "%s{\"email\":\"p%d@example.com\",\"name\":\"%0150d\",\"attempted_at\":1700000000,\"outcome\":\"failure\"}", (i ? "," : ""), i, i
        printf "]}"
    }' >a.json
    printf '[ledger]\npath = ledger.db\n' >job.conf
    run bounded 1000000 /usr/bin/env time -f 'most %M' "$REGJOB" -c job.conf import a.json
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(sums | cut -d'|' -f1)" = "$rows" ]
    case ${BUILD-} in
    */asan) ;; # its shadow is memory, too
    *) [ "$(sed -n 's/^most //p' <<<"$output")" -lt 131072 ] ;;
    esac
}
