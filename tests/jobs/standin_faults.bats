#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the stand-in does wrong when it is told to, and that it does it to the right requests.

load standin_requests

@test "a status is answered as told; only what the vendor keeps is kept" {
    standin_start
    for code in 400 401 403 404 405 406 418 500 502 503 504 599; do
        standin_faults "[{\"fault\":\"status-$code\"}]"
        [ "$(register)" = "$code" ]
        [ "$(status_in_body)" = "$code" ]
    done
    stats_are accepted 0
    standin_faults '[{"fault":"status-429","retry_after":7}]'
    [ "$(register)" = 429 ]
    grep -qi '^retry-after: 7' "$headers"
    standin_faults '[{"fault":"status-429"}]'
    [ "$(register)" = 429 ]
    run grep -qi '^retry-after' "$headers"
    [ "$status" = 1 ]
    standin_faults '[{"fault":"status-204"}]'
    [ "$(register)" = 204 ]
    standin_faults '[{"fault":"500-accepted"}]'
    [ "$(register)" = 500 ]
    standin_faults '[{"fault":"504-accepted"}]'
    [ "$(register)" = 504 ]
    stats_are accepted 5
    stats_are duplicates 4
    run python 'print([json.loads(line)["answered"] for line in open(sys.argv[1])])' "$STANDIN_DIR/accepted.jsonl"
    [ "$output" = "[429, 429, 204, 500, 504]" ]
    # What is wrong is not kept, and is told so, whatever the fault.
    standin_faults '[{"fault":"status-429"}]'
    [ "$(changed 'del e["timestamp"]')" = 400 ]
    stats_are accepted 5
}

@test "twice keeps an event twice" {
    standin_start --fault twice:count=1
    [ "$(register)" = 200 ]
    stats_are accepted 2
    stats_are duplicates 1
    stats_are requests 1
    [ "$(wc -l <"$STANDIN_DIR/accepted.jsonl")" = 2 ]
    [ "$(standin_get /dashboard.csv)" = $'date,success,failure\n2017-12-09,2,0' ]
    [ "$(register)" = 200 ]
    stats_are accepted 3
}

@test "bodies: null, truncated, unknown members, not JSON, control characters" {
    standin_start
    standin_faults '[{"fault":"null"}]'
    [ "$(register)" = 200 ]
    [ "$(cat "$answer")" = null ]
    standin_faults '[{"fault":"truncated"}]'
    [ "$(register)" = 200 ]
    [[ "$(cat "$answer")" == '{"status":200,'* ]]
    run python 'load(sys.argv[1])' "$answer"
    [ "$status" = 1 ]
    standin_faults '[{"fault":"unknown"}]'
    [ "$(register)" = 200 ]
    python 'a = load(sys.argv[1]); assert len(a) == 6 and a["status"] == 200 and a["timestamp"] > 0, a' "$answer"
    cp "$answer" "$answer.first"
    [ "$(register)" = 200 ]
    run cmp -s "$answer" "$answer.first"
    [ "$status" = 1 ]
    standin_faults '[{"fault":"not-json"}]'
    [ "$(register)" = 200 ]
    grep -qi '^content-type: text/html' "$headers"
    grep -q '<h1>' "$answer"
    standin_faults '[{"fault":"nul"}]'
    [ "$(register)" = 200 ]
    python 'b = open(sys.argv[1], "rb").read(); assert b"\0" in b and b"\x1b" in b and b"\xff" in b, b' "$answer"
    stats_are accepted 6
    standin_faults '[{"fault":"not-json","status":502}]'
    [ "$(register)" = 502 ]
    stats_are accepted 6
}

@test "a huge body has the size asked for, and a short one ends before its announced length" {
    standin_start --fault huge:mebibytes=3,count=1 --fault short
    [ "$(register)" = 200 ]
    [ "$(wc -c <"$answer")" = 3145728 ]
    python 'a = load(sys.argv[1]); assert a["status"] == 200 and set(a["padding"]) == {"x"}' "$answer"
    run register
    # curl: 18, the transfer ended with bytes outstanding.
    [ "$status" = 18 ]
    [ "$(wc -c <"$answer")" -gt 0 ]
    stats_are accepted 2
}

@test "a redirect leads to another path, where nobody should arrive" {
    standin_start --fault redirect:count=1 --fault status-307:location=/elsewhere,count=1
    [ "$(register)" = 302 ]
    grep -qi '^location: /redirected' "$headers"
    [ "$(register)" = 307 ]
    grep -qi '^location: /elsewhere' "$headers"
    stats_are accepted 0
    stats_are by_status.404 0
    [ "$(send /redirected)" = 404 ]
    stats_are by_status.404 1
}

@test "it hangs up before or after it kept the event" {
    standin_start --fault hangup-before:count=1 --fault hangup-after:count=1
    run register
    [[ "$status" = 52 || "$status" = 56 ]]
    stats_are accepted 0
    run register
    [ "$status" = 52 ]
    stats_are accepted 1
    stats_are unanswered 2
    run python 'print([json.loads(line)["answered"] for line in open(sys.argv[1])])' "$STANDIN_DIR/accepted.jsonl"
    [ "$output" = "[0]" ]
    [ "$(register)" = 200 ]
    eventually stats_are concurrent 0
}

@test "a slow answer comes in its time" {
    standin_start --fault slow:milliseconds=700,count=1
    register --write-out '%{time_total}' >"$BATS_TEST_TMPDIR/time"
    awk '{ exit !($1 >= 0.7) }' "$BATS_TEST_TMPDIR/time"
    stats_are accepted 1
    eventually stats_are concurrent 0
    [ "$(status_in_body)" = 200 ]
}

@test "a slow answer holds up no other" {
    standin_start --fault slow:seconds=600,count=1
    limit=300 register >/dev/null 3>&- &
    local client=$!
    eventually stats_are requests 1
    answer=$answer.quick headers=$headers.quick register >/dev/null
    eventually stats_are concurrent 1
    stats_are max_concurrent 2
    stats_are accepted 2
    standin_stop
    wait "$client" || true # the program's end may come before its answer
}

@test "any fault may wait too, and the sandbox waits as long as its header asks" {
    standin_start --fault status-503:seconds=0.4,count=1
    run register --write-out '%{http_code} %{time_total}'
    [[ "$output" == "503 "* ]]
    awk -v time="${output##* }" 'BEGIN { exit !(time >= 0.4) }'
    run register --header 'Ravelin-Min-Latency: 300' --write-out ' %{time_total}'
    awk -v time="${output##* }" 'BEGIN { exit !(time >= 0.3) }'
    stats_are by_status.503 1
    stats_are by_status.200 1
}

@test "never: nothing is answered, and a client that gives up is noticed" {
    standin_start --fault never
    limit=3 run register
    [ "$status" = 28 ]
    stats_are accepted 1
    stats_are unanswered 1
    eventually stats_are concurrent 0
}

@test "never: the end of the program ends the wait" {
    standin_start --fault never
    limit=300 register >/dev/null 3>&- &
    local client=$! result=0
    eventually stats_are concurrent 1
    standin_stop
    wait "$client" || result=$?
    [ "$result" = 52 ]
    [ "$(wc -l <"$STANDIN_DIR/accepted.jsonl")" = 1 ]
}

# The statuses of so many requests, in one line.
statuses() {
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%s ' "$(register)"
    done
}

@test "faults hit as many requests as told, after as many as told, where they are told" {
    standin_start --fault status-503:after=1,count=2,path=/v2/registration
    [ "$(statuses 5)" = '200 503 503 200 200 ' ]
    standin_faults '[{"fault":"status-500","count":1},{"fault":"status-502","count":1}]'
    [ "$(statuses 3)" = '500 502 200 ' ]
    standin_faults '{"faults":[{"fault":"status-500","path":"/v2/backfill"}]}'
    [ "$(statuses 1)" = '200 ' ]
    [ "$(send /v2/backfill/registration --data-binary x)" = 500 ]
    standin_get /control/faults >"$BATS_TEST_TMPDIR/faults"
    python 'f = load(sys.argv[1]); assert len(f) == 1 and f[0]["fault"] == "status-500" and f[0]["hits"] == 1, f' \
        "$BATS_TEST_TMPDIR/faults"
    # The stand-in's own pages are never harmed.
    standin_faults '[{"fault":"status-500"}]'
    standin_get /stats >/dev/null
}

@test "probability follows the seed" {
    standin_start --seed 7 --fault status-503:probability=0.5
    local first
    first=$(statuses 30)
    [[ "$first" == *200* && "$first" == *503* ]]
    standin_stop
    standin_start --seed 7 --fault status-503:probability=0.5
    [ "$(statuses 30)" = "$first" ]
    standin_stop
    standin_start --seed 8 --fault status-503:probability=0.5
    [ "$(statuses 30)" != "$first" ]
    standin_faults '[{"fault":"status-503","probability":0}]'
    [ "$(statuses 3)" = '200 200 200 ' ]
}

@test "wrong faults are refused and change nothing" {
    standin_start --fault status-503
    for wrong in '' '{' '{}' '[1]' '[{}]' '[{"fault":"rain"}]' '[{"fault":"slow","count":"1"}]' \
        '[{"fault":"slow","speed":1}]' '[{"fault":"slow","probability":1.5}]' \
        '[{"fault":"null"},{"fault":"status-20"}]'; do
        run standin_faults "$wrong"
        [ "$status" = 22 ]
        [ "$(register)" = 503 ]
    done
    standin_faults '[]'
    [ "$(register)" = 200 ]
}
