# SPDX-License-Identifier: MIT
# regjob report: what becomes of due outcomes, by the fraud API's answer. Stops, kills and two jobs: report_stop.bats.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    nobody_gone
    standin_stop
}

@test "every due outcome is told once, in silence; its fingerprint is forgotten" {
    standin_start
    outbound_config
    outcomes 25
    [ "$(ledger "SELECT count(*) FROM fingerprint")" = 25 ]
    run carry report
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(events)" = "acknowledged 25" ]
    [ "$(vendor accepted)" = 25 ]
    [ "$(vendor duplicates)" = 0 ]
    [ "$(grep -c "\"passwordHashed\":\"$FINGERPRINT\"" "$STANDIN_DIR/accepted.jsonl")" = 25 ]
    [ "$(ledger "SELECT count(*) FROM fingerprint")" = 0 ]
    [ "$(ledger "SELECT count(*) FROM report_event WHERE vendor_timestamp > 1600000000000")" = 25 ]
    run carry report
    [ "$status" -eq 0 ]
    [ "$(vendor requests)" = 25 ]
    [ "$(ledger "SELECT counts FROM run ORDER BY id LIMIT 1" | grep -o '"accepted":25')" != "" ]
}

@test "a 200 acknowledges, whatever its body but a page" {
    standin_start
    outbound_config
    for fault in null truncated unknown nul; do
        standin_faults "[{\"fault\":\"$fault\"}]"
        regjob_fresh
        outcomes 1
        run carry report
        [ "$status" -eq 0 ]
        [ "$(events)" = "acknowledged 1" ]
    done
}

@test "429 is taken for accepted and not sent again, unless on_429 = retry" {
    standin_start --fault status-429:count=2
    outbound_config
    outcomes 1
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "deferred 1" ]
    [ "$(ledger "SELECT count(*) FROM fingerprint")" = 0 ]
    later "+2d"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(vendor requests)" = 1 ]

    later ""
    regjob_fresh
    outbound_config fraud 'on_429 = retry'
    outcomes 1
    run carry report
    [ "$status" -eq 1 ]
    [[ "$output" == *"1 of 1 failed and will be tried again"*"429"* ]]
    [ "$(tries)" = "not_accepted 1" ]
    later "+2h"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 1" ]
}

@test "a wrong token stops the run and marks nothing" {
    standin_start
    outbound_config
    outcomes 5
    printf wrong >token
    before=$(ledger "SELECT * FROM report")
    for code in 401 403; do
        standin_faults "[{\"fault\":\"status-$code\"}]"
        run carry report
        [ "$status" -eq 1 ]
        [[ "$output" == *"credentials"*"$code"*"5 still to be sent, nothing is lost"* ]]
        [[ "$output" != *wrong* ]]
        [ "$(ledger "SELECT * FROM report")" = "$before" ]
        [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
        [ "$(vendor accepted)" = 0 ]
    done
    standin_faults '[]'
    printf '%s' "$STANDIN_TOKEN" >token
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 5" ]
}

@test "a refused outcome is dead with its answer, but not the person in it; --retry-dead queues it again" {
    standin_start --fault status-400
    outbound_config
    outcomes 2 # a third one refused alike would be about us
    run carry report
    [ "$status" -eq 2 ]
    [[ "$output" == *"2 reports are dead"*"--retry-dead"* ]]
    [ "$(events)" = "dead 2" ]
    [[ "$(ledger_reg "SELECT last_error FROM reg_reports LIMIT 1")" == "HTTP 400"* ]]
    [ "$(ledger "SELECT count(*) FROM try WHERE answer GLOB '*jane*' OR answer GLOB '*ef92b7*'")" = 0 ]
    [ "$(ledger "SELECT count(*) FROM fingerprint")" = 2 ]
    standin_faults '[]'
    run carry report
    [ "$status" -eq 0 ]
    [ "$(vendor accepted)" = 0 ]
    run carry report --retry-dead
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 2" ]
    [ "$(ledger "SELECT group_concat(state) FROM (SELECT state FROM report_event WHERE report_id = 1 ORDER BY id)")" = "dead,queued,acknowledged" ]
    run carry -v report --retry-dead
    [ "$status" -eq 0 ]
    [[ "$output" == *"0 dead reports requeued"* ]]
}

@test "the answer of a gateway that repeats the request holds nobody's secrets" {
    outcomes 1
    /usr/bin/python3 -c '
import http.server, sys
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])) + str(self.headers).encode()
        self.send_response(422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Echo)
print(server.server_port, flush=True)
server.serve_forever()' >port 3>&- &
    server=$!
    until_true test -s port
    STANDIN_URL=http://127.0.0.1:$(cat port) outbound_config
    run carry -v report
    kill "$server"
    [ "$status" -eq 2 ]
    answer=$(ledger "SELECT answer FROM try")
    [[ "$answer" == "HTTP 422"*"[hidden]"* ]]
    for secret in jane1@ 6045551234 "$FINGERPRINT" "$STANDIN_TOKEN"; do
        [[ "$answer" != *"$secret"* ]]
        [[ "$output" != *"$secret"* ]]
    done
}

@test "503 is not accepted: tried again after a pause, dead when its tries are used up" {
    standin_start --fault status-503
    outbound_config fraud 'tries = 2'
    outcomes 1
    run carry report
    [ "$status" -eq 1 ]
    [ "$(tries)" = "not_accepted 1" ]
    [ "$(events)" = "retrying 1" ]
    # Half to one and a half times the pause.
    [ "$(ledger "SELECT retry_at - finished_at BETWEEN 30000 AND 90000 AND retry_at = (SELECT next_try_at FROM report) FROM try")" = 1 ]
    run carry report
    [ "$status" -eq 0 ]
    [ "$(vendor requests)" = 1 ]
    later "+2m"
    run carry report
    [ "$status" -eq 2 ]
    [ "$(tries)" = "not_accepted 2" ]
    [ "$(events)" = "dead 1" ]
}

@test "what the other side asked us to wait is waited" {
    standin_start --fault status-503:retry_after=1000
    outbound_config ledger 'run_seconds = 5'
    outcomes 1
    run carry report
    [ "$status" -eq 1 ]
    [ "$(ledger "SELECT retry_at - finished_at FROM try")" = 1000000 ]
}

@test "500 and silence are ambiguous: tried again and counted, for the vendor may hold them twice" {
    standin_start --fault 500-accepted:count=1 --fault hangup-after:count=1 --fault hangup-before:count=1
    outbound_config fraud 'concurrency = 1'
    outcomes 3
    run carry report
    [ "$status" -eq 1 ]
    [ "$(tries)" = "ambiguous 3" ]
    [[ "$output" == *"3 of 3 failed and will be tried again"* ]]
    later "+2h"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 3" ]
    [ "$(vendor accepted)" = 5 ]
    [ "$(vendor duplicates)" = 2 ]
    [ "$(ledger_reg "SELECT sum(ambiguous_tries) FROM reg_reports")" = 3 ]
}

@test "nobody there: a few calls, no try is spent, the rest is not touched" {
    nobody
    outbound_config ledger 'run_seconds = 2' fraud 'tries = 1'
    outcomes 200
    run carry report
    [ "$status" -eq 1 ]
    [[ "$output" == *"still to be sent, nothing is lost"* ]]
    [ "$(ledger "SELECT count(*) BETWEEN 5 AND 30 FROM try WHERE result = 'not_accepted' AND status IS NULL")" = 1 ]
    [ "$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL OR result <> 'not_accepted'")" = 0 ]
    [ "$(due)" = 200 ]
    [ "$(ledger "SELECT count(*) FROM report_event")" = 0 ]
    standin_start
    outbound_config
    later "+2d"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 200" ]
}

@test "what reaches nobody for 30 days is dead" {
    nobody
    outbound_config
    outcomes 1
    later "+29d"
    run carry report
    [ "$status" -eq 1 ]
    [ "$(events)" = "retrying 1" ]
    later "+31d"
    run carry report
    [ "$status" -eq 2 ]
    [ "$(events)" = "dead 1" ]
}

@test "--limit and --dry-run" {
    standin_start
    outbound_config
    outcomes 5
    run carry report --dry-run --limit 2
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" = 2 ]
    [ "${lines[0]}" = "report 1: attempt 1, success" ]
    [ "$(vendor requests)" = 0 ]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
    run carry report --limit 2
    [ "$status" -eq 0 ]
    [ "$(vendor accepted)" = 2 ]
    [ "$(due)" = 3 ]
}

@test "without a fraud API reports stay queued" {
    outbound_config
    sed -i 's/^url = .*//; s/^token_file.*//' regjob.conf
    outcomes 4
    run carry report
    [ "$status" -eq 78 ]
    [[ "$output" == *"[fraud] url"*"4 reports stay queued"* ]]
    [ "$(due)" = 4 ]
}

@test "without the key what is sealed is not sent and not lost" {
    standin_start
    outbound_config
    outcomes 3
    mv ledger.db.key kept.key
    run carry report
    [ "$status" -eq 78 ]
    [[ "$output" == *"ledger.db.key"* ]]
    [ "$(vendor requests)" = 0 ]
    [ "$(ledger "SELECT count(*) FROM try")" = 0 ]
    [ "$(due)" = 3 ]
    mv kept.key ledger.db.key
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 3" ]
}

@test "the reports of one attempt go out in their order" {
    standin_start --fault status-503:count=1
    outbound_config
    outcomes 1
    # As a correction that was read late leaves it.
    ledger "INSERT INTO report SELECT 2, 1, 'failure', '[\"verification_expired\"]', recorded_at, 1 FROM report"
    ledger "UPDATE report SET outcome = 'failure', reasons = '[\"verification_expired\"]' WHERE id = 1; UPDATE report SET outcome = 'success', reasons = NULL WHERE id = 2"
    run carry report
    [ "$status" -eq 1 ]
    [ "$(vendor requests)" = 1 ]
    later "+1h"
    run carry report
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 2" ]
    [ "$(/usr/bin/python3 -c '
import json, sys
print([json.loads(line)["body"]["registration"]["success"] for line in open(sys.argv[1])])' "$STANDIN_DIR/accepted.jsonl")" = "[False, True]" ]
}

@test "neither fingerprint nor token is left in the ledger, its WAL or the log" {
    standin_start --fault status-503:count=3
    outbound_config
    outcomes 20
    carry -v report >log 2>&1 || true
    later "+2h"
    carry -v report >>log 2>&1
    [ "$(events)" = "acknowledged 20" ]
    for secret in "$FINGERPRINT" "$STANDIN_TOKEN" $'\xef\x92\xb7\x78\xba\xfe\x77\x1e'; do
        run grep -aFl -- "$secret" ledger.db* log
        [ "$status" -eq 1 ]
    done
    [ -s log ]
}
