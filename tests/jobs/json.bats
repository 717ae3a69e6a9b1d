# SPDX-License-Identifier: MIT
# --format json: one object from every command, with the same members.

load ../helper

setup() {
    regjob_setup
    standin_start
    outbound_config
    printf 'email,outcome\nada@example.com,success\nbob@example.com,failure\n"bad\n' >signups.csv
    printf 'subject,code\n' >confirmations.csv
}

teardown() {
    standin_stop
}

# result EXIT_CODE PYTHON COMMAND...: runs it, and PYTHON with its object as `it`
result() {
    local code=0
    carry "${@:3}" --format json >said 2>messages || code=$?
    cat said messages
    [ "$code" = "$1" ]
    /usr/bin/python3 - "$1" "$3" "$2" "$ROOT/jobs/regjob.1" <<'END'
import json, re, sys
it = json.load(open("said"))
# The members are those of the manual, in its order.
manual = re.search(r"^\.Sh RESULTS AS JSON$(.*?)^\.El$", open(sys.argv[4]).read(), re.M | re.S)[1]
told = re.findall(r"^\.It Cm (\w+)$", manual, re.M)
assert told[0] == "command" and list(it) == told, (list(it), told)
assert all(sorted(one) == ["digest", "name"] for one in it["inputs"]), it
of_a_file = re.search(r"What came of imported files:\n\.Cm (.*) \.$", manual, re.M)[1]
assert all(list(one) == re.findall(r"\w+", re.sub(r"No and Cm", "", of_a_file)) for one in it["files"]), (it["files"], of_a_file)
assert it["exit_code"] == int(sys.argv[1]) and it["command"] == sys.argv[2] and it["seconds"] >= 0, it
assert eval("(" + sys.argv[3] + ")"), it
END
}

@test "every command says as one object what came of it" {
    result 0 'it["run"] is None and it["counts"] == {"init": {"version": 10}}' init
    result 2 'it["run"] is None and it["counts"]["import"] == {"read": 3, "success": 1, "failed": 1, "pending": 0, "continued": 0, "rejected": 1}' \
        import --dry-run signups.csv
    result 2 'it["run"] == 1 and it["counts"]["import"]["rejected"] == 1 and it["inputs"][0]["name"] == "signups.csv" and
        it["files"][0]["failed"] == 1 and len(it["inputs"][0]["digest"]) == 64' import signups.csv
    [ "$(ledger "SELECT counts ->> '$.inputs[0].digest' FROM run WHERE id = 1")" = "$(sed -n 's/.*"digest": "\(.*\)".*/\1/p' said)" ]
    result 0 'it["run"] == 2' confirm confirmations.csv
    pins
    ledger_reg "INSERT INTO reg_attempts (email, password) VALUES ('eve@example.com', 'Abcdef1!x')"
    result 0 'it["run"] is None and len(it["output"]) == 1 and it["output"][0].startswith("code ")' send --dry-run
    result 0 'it["counts"]["send"]["accepted"] == 1' send
    result 0 '"settle" in it["counts"] or it["counts"] == {}' settle
    result 0 'len(it["output"]) == 1 and "attempt 1" in it["output"][0]' report --dry-run
    result 0 'it["counts"]["report"]["accepted"] == 1' report
    result 0 'it["counts"]["sums"]["days"] >= 0' nightly
    result 0 'it["run"] is None' dashboard -o page.html
    result 0 'it["counts"]["snapshot"]["bytes"] == __import__("os").path.getsize("copy.db")' snapshot copy.db
    result 2 'it["counts"]["forget"] == {"attempts": 1, "codes": 0, "nobody": 1}' forget ada@example.com nobody@example.com
    echo '{"maxCodeTries": 4}' >patch.json
    result 0 'it["counts"] == {"settings": {"patched": 1}}' settings --patch patch.json
    result 0 'it["run"] is not None and it["counts"] == {}' tidy
    result 0 'it["run"] is None and it["counts"] == {}' tidy --dry-run
    # Those that are JSON as they are: one document each.
    for command in status 'reconcile export.csv' check 'check --data' 'export attempts'; do
        printf 'date,success,failure\n2026-01-01,0,0\n' >export.csv
        # shellcheck disable=SC2086
        carry $command --format json >said || [ $? -le 2 ]
        /usr/bin/python3 -c 'import json; assert "exit_code" not in json.load(open("said"))'
    done
    carry settings --format json | /usr/bin/python3 -c 'import json, sys; assert json.load(sys.stdin)["maxCodeTries"] == 4'
    # No command was left out: each takes the option.
    for command in $("$REGJOB" --help | sed -n 's/^  \([a-z]\{2,\}\) .*/\1/p'); do
        "$REGJOB" "$command" --help | grep -q -e '--format .*json' || echo "$command" >>without
    done
    [ ! -e without ]
}

@test "a command that fails has its object, too, and its message on standard error" {
    mv ledger.db away.db
    result 1 'it["run"] is None and it["counts"] == {}' send
    grep -q 'there is no ledger' messages
    mv away.db ledger.db
    echo 'colour = blue' >>regjob.conf
    result 78 'it["run"] is None' nightly
    run carry import --explain --format json signups.csv
    [ "$status" -eq 64 ]
    [[ "$output" == *'--explain and --format do not go together'* ]]
}
