# SPDX-License-Identifier: MIT
# What the stand-in's own tests share: the vendor's example, and how it is sent, changed and asked about.

load ../helper

setup() {
    body=$BATS_TEST_TMPDIR/body.json
    answer=$BATS_TEST_TMPDIR/answer
    headers=$BATS_TEST_TMPDIR/headers
    # The vendor's own example of a request.
    cp "$BATS_TEST_DIRNAME/../standin/request.json" "$body"
}

teardown() {
    standin_stop
}

# send PATH [CURL ARGUMENT...]: prints the status (000: no answer); body and headers go to files.
send() {
    local path=$1
    shift
    rm -f "$answer" "$headers"
    curl --silent --max-time "${limit:-30}" --output "$answer" --dump-header "$headers" \
        --write-out '%{http_code}' "$@" "$STANDIN_URL$path"
}

# register [CURL ARGUMENT...]: the vendor's example, sent as it should be.
register() {
    send /v2/registration --header "Authorization: token $STANDIN_TOKEN" \
        --header 'Content-Type: application/json' --data-binary "@$body" "$@"
}

# python CODE [ARGUMENT...]: with `load(path)` to read JSON.
python() {
    local code=$1
    shift
    /usr/bin/python3 -c "import json, sys
def load(path):
    with open(path) as file:
        return json.load(file)
$code" "$@"
}

# The JSON members of the answer.
status_in_body() {
    python 'print(load(sys.argv[1])["status"])' "$answer"
}

# mutate CODE: changes the example, where `e` is the event, `r` its registration, `m` the mechanism.
mutate() {
    python 'e = load(sys.argv[1])
r = e["registration"]; m = r["registrationMechanism"]
exec(sys.argv[2])
json.dump(e, open(sys.argv[3], "w"))' "$body" "$1" "$BATS_TEST_TMPDIR/mutated.json"
}

# changed CODE: sends the changed example; prints the status.
changed() {
    mutate "$1"
    send /v2/registration --header "Authorization: token $STANDIN_TOKEN" \
        --header 'Content-Type: application/json' --data-binary "@$BATS_TEST_TMPDIR/mutated.json"
}

# eventually CONDITION...: until it holds, at most 10 seconds.
eventually() {
    local deadline=$((SECONDS + 10))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

stats_are() {
    [ "$(standin_stats "$1")" = "$2" ]
}
