# SPDX-License-Identifier: MIT
# regjob import --explain: what would be made of a file, told to the person who made it; and the same counts at an import's end.

load ../helper

setup() {
    regjob_setup
    cat >a.csv <<'END'
E-mail Address,password,given_name,Countr,birth_date,consent_terms,country
ada@example.com,Abcdef1!x,Ada,,1990-01-02,accepted,AT
 bob@example.com ,Abcdef1!x,Bob,DE,19900102,accepted,uk
nobody,Abcdef1!x,Nemo,,1990-02-30,accepted,Nowhere
eve@example.com,Hidden-Pw,Eve,,,accepted,
ada@example.com,Abcdef1!x,Ada,,1990-01-02,accepted
fay@example.com,Abcdef1!x
not "good",,,,,,
END
}

# said LINE: the output has it, with blanks between its words.
said() {
    grep -qE "^ *$(sed -E 's/[][().?+*^$%]/\\&/g; s/ +/ +/g' <<<"$1")\$" <<<"$output" || { echo "missing: $1"; echo "$output"; return 1; }
}

@test "column by column what it means and what becomes of its values, then why rows fail and lines cannot be read" {
    before=$(ledger .sha3sum)
    run job import --explain a.csv
    [ "$status" -eq 2 ]
    said 'a.csv, by the settings of ledger.db; nothing is written'
    said 'rows looked at 7'
    said 'would succeed 2'
    said 'would fail 3'
    said 'cannot be read 2'
    said 'column its name its meaning empty as it is trimmed normalised missing left out refused'
    said '1 E-mail Address email (another name of it) 60.0% (2) 20.0% (3) 20.0% (4)'
    said '2 password password 80.0% (2) 20.0% (5)'
    said '3 given_name given_name 100%'
    said '4 Countr nothing; did you mean `country`? 80.0% (2) 20.0% (3)'
    said '5 birth_date birth_date 20.0% (5) 40.0% (2) 20.0% (3) 20.0% (4)'
    said '6 consent_terms consent `terms` 100%'
    said '7 country country 20.0% (5) 20.0% (2) 20.0% (3) 20.0% (6) 20.0% (4)'
    said 'email_invalid 1 4 An e-mail address needs one @, with something on both sides of it.'
    said 'email_taken 1 6 A customer has this e-mail address.'
    said 'password_no_digit 1 5 The password has no digit.'
    said '7 3 field_count 2 fields: expected 7, as in the header'
    said '8 1 quoting a quote inside an unquoted field: expected the whole field in quotes and the quote doubled'
    [[ "$output" != *Hidden* && "$output" != *bob* && "$output" != *Nowhere* ]]
    [ "$(ledger .sha3sum)" = "$before" ]
    [ ! -e a.csv.1.rejects ]
}

@test "it tells what an import then does" {
    run job import --explain a.csv
    job import a.csv 2>/dev/null || [ $? -eq 2 ]
    [ "$(sums)" = "7|2|0|3|0|2" ]
    # Customers by now: the ledger is asked.
    run job import --explain a.csv
    said 'would fail 5'
    said 'email_taken 3 2 A customer has this e-mail address.'
}

@test "without a ledger by the default settings, and none is made; a file in order is 0" {
    mkdir empty
    cp a.csv empty/
    cd empty
    printf 'email,password,consent_terms\nada@example.com,Abcdef1!x,accepted\n' >good.csv
    run "$REGJOB" import --explain a.csv good.csv
    [ "$status" -eq 2 ]
    said 'a.csv, by the settings of a new ledger, as there is no ledger.db; nothing is written'
    said 'would succeed 2'
    run "$REGJOB" import --explain good.csv
    [ "$status" -eq 0 ]
    said '3 consent_terms consent `terms` 100%'
    run "$REGJOB" import --explain - <good.csv
    [ "$status" -eq 0 ]
    gzip good.csv
    run "$REGJOB" import --explain good.csv.gz
    [ "$status" -eq 0 ]
    [ "$(ls)" = $'a.csv\ngood.csv.gz' ]
}

@test "a header that is not understood is 65, also one with unknown columns under --strict" {
    printf 'a,b\n1,2\n' >b.csv
    run job import --explain b.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *"b.csv: none of its columns says who signed up"* ]]
    run job import --explain --strict a.csv
    [ "$status" -eq 65 ]
    [[ "$output" == *'4 `Countr` (did you mean `country`?); --strict refuses the file'* ]]
    run job import --explain missing.csv
    [ "$status" -eq 1 ]
}

@test "no more than the first thousand rows, and what the file itself says has failed is no fault of it" {
    { echo email,outcome; seq -f 'p%g@example.com,failure' 1500; } >b.csv
    run job import --explain b.csv
    [ "$status" -eq 0 ]
    said 'rows looked at 1000'
    said 'failed, as the file says 1000'
}

@test "a code is not judged where there is no key, and a short row is one here, too" {
    printf 'email,email_confirm_code,country\nada@example.com,123456\n' >b.csv
    rm ledger.db.key
    run job import --explain b.csv
    [ "$status" -eq 0 ]
    said 'would go on with an earlier sign-up 1'
    said '3 country country 100%'
}

@test "an import that had notes ends with the same counts, where somebody reads them" {
    run job -v import a.csv
    [ "$status" -eq 2 ]
    said 'column trimmed normalised missing left out refused'
    said 'birth_date 1 (3) 1 (4)'
    said 'country 1 (3) 1 (6) 1 (4)'
    said 'email 1 (3) 1 (4)'
    regjob_fresh
    rm a.csv.*
    run job import --dry-run a.csv
    said 'email 1 (3) 1 (4)'
    run job import a.csv
    [ "$output" = "regjob: a.csv: unknown column: 4 \`Countr\` (did you mean \`country\`?); ignored
regjob: a.csv: 2 lines rejected (the first in line 7: field_count): see a.csv.1.rejects" ]
    printf 'email,password\nnew@example.com,Abcdef1!x\n' >good.csv
    run job -v import good.csv
    [[ "$output" != *Columns:* ]]
}
