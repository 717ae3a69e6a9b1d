# SPDX-License-Identifier: MIT
# What becomes of one due report by what the fraud API answers: every class of answer and every fault of the stand-in. For each: the exit code, the
# report's state, tries and ambiguous tries, and how often the stand-in holds the event; then the same two hours later, when the other side is well again.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    nobody_gone
    standin_stop
}

# state, tries, ambiguous tries; what the stand-in holds
now() {
    echo "$status $(ahead sqlite3 -batch -bail -noheader -separator ' ' ledger.db ".load ${REG%.so}" "SELECT state, tries, ambiguous_tries FROM reg_reports") held $(vendor accepted)"
}

# answers FAULT FIRST THEN: the fault for every request, what comes of it (exit code, state, tries, ambiguous tries, held), and of the second run without
answers() {
    local fault=$1
    [[ "$fault" == {* ]] || fault="{\"fault\":\"$fault\"}"
    local at_first at_last
    standin_stop
    standin_start
    standin_faults "[$fault]"
    regjob_fresh
    later ""
    outcomes 1
    outbound_config fraud "${LIMITS-}"
    run carry -v report
    first_output=$output
    at_first=$(now)
    standin_faults '[]'
    later "+2h"
    run carry report
    at_last=$(now)
    echo "$1: $at_first; $at_last"
    [ "$at_first" = "$2" ]
    [ "$at_last" = "$3" ]
}

no_control_characters() {
    [ "$(tr -d '\n' <<<"$1" | tr -cd '\000-\037\177' | wc -c)" = 0 ]
}

@test "acknowledged: 200, whatever its body but a page" {
    for fault in slow null unknown truncated short nul huge; do
        answers "$fault" "0 acknowledged 1 0 held 1" "0 acknowledged 1 0 held 1"
        no_control_characters "$first_output"
        [ "$(ledger "SELECT max(length(answer)) <= 512 FROM try")" = 1 ]
    done
}

@test "acknowledged, though the vendor counts it twice" {
    answers twice "0 acknowledged 1 0 held 2" "0 acknowledged 1 0 held 2"
}

@test "deferred: 429, which the vendor keeps" {
    answers status-429 "0 deferred 1 0 held 1" "0 deferred 1 0 held 1"
}

@test "fatal: 401, 402, 403, 404, a redirect and a page of HTML mark nothing" {
    for fault in status-401 status-402 status-403 status-404 redirect status-308; do
        answers "$fault" "1 queued 0 0 held 0" "0 acknowledged 1 0 held 1"
    done
    # The stand-in has kept what it answers so; a page is from somebody who has not.
    answers not-json "1 queued 0 0 held 1" "0 acknowledged 1 0 held 2"
}

@test "dead: 400, 405, 406 and every other 4xx" {
    for fault in status-400 status-405 status-406 status-413 status-422 status-451; do
        answers "$fault" "2 dead 1 0 held 0" "0 dead 1 0 held 0"
        [[ "$(ledger_reg "SELECT last_error FROM reg_reports")" == "HTTP ${fault#status-}"* ]]
        [ "$(ledger_reg "SELECT last_status FROM reg_reports")" = "${fault#status-}" ]
    done
}

@test "a redirect is not followed" {
    answers redirect "1 queued 0 0 held 0" "0 acknowledged 1 0 held 1"
    [[ "$first_output" == *"HTTP 302 (redirects are not followed): http://"*"/redirected; 1 still to be sent"* ]]
}

@test "the redirect itself is all that was asked for" {
    standin_start
    standin_faults '[{"fault":"redirect"}]'
    outcomes 1
    outbound_config
    run carry report
    [ "$status" -eq 1 ]
    [ "$(vendor requests)" = 1 ]
}

@test "an answer that is kept is short, escaped and never raw" {
    for fault in nul huge not-json truncated; do
        answers "{\"fault\":\"$fault\",\"status\":400}" "2 dead 1 0 held 0" "0 dead 1 0 held 0"
        no_control_characters "$first_output"
        kept=$(ledger_reg "SELECT last_error FROM reg_reports")
        [[ "$kept" == "HTTP 400: "* ]]
        [ "${#kept}" -le 512 ]
        no_control_characters "$kept"
        answers "{\"fault\":\"$fault\",\"status\":500}" "1 retrying 1 1 held 0" "0 acknowledged 2 1 held 1"
        no_control_characters "$first_output"
    done
}

@test "not accepted: 408, 425, 503" {
    for fault in status-408 status-425 status-503; do
        answers $fault "1 retrying 1 0 held 0" "0 acknowledged 2 0 held 1"
    done
}

@test "ambiguous: 500, 502, 504 and every other 5xx, kept by the vendor or not" {
    for code in 500 502 504 507; do
        answers "status-$code" "1 retrying 1 1 held 0" "0 acknowledged 2 1 held 1"
        answers "$code-accepted" "1 retrying 1 1 held 1" "0 acknowledged 2 1 held 2"
    done
}

@test "ambiguous: the connection closes before an answer, kept by the vendor or not" {
    answers hangup-before "1 retrying 1 1 held 0" "0 acknowledged 2 1 held 1"
    answers hangup-after "1 retrying 1 1 held 1" "0 acknowledged 2 1 held 2"
}

@test "ambiguous: no answer within the time limits" {
    for LIMITS in $'idle_seconds = 1' $'transfer_seconds = 1'; do
        answers never "1 retrying 1 1 held 1" "0 acknowledged 2 1 held 2"
    done
}

@test "not accepted: nobody listens, or the name is not known; no try is spent" {
    nobody
    for url in "$STANDIN_URL" https://nowhere.invalid; do
        regjob_fresh
        later ""
        outcomes 1
        STANDIN_URL=$url outbound_config fraud $'tries = 1\nconnect_seconds = 5'
        run carry report
        [ "$status" -eq 1 ]
        [ "$(ledger "SELECT result || ' ' || (status IS NULL) || ' ' || (finished_at IS NULL) FROM try")" = "not_accepted 1 0" ]
        [ "$(ledger_reg "SELECT state || ' ' || ambiguous_tries FROM reg_reports")" = "retrying 0" ]
        [ "$(due)" = 1 ]
    done
}

# A server with TLS and the certificate of that name, which answers 200; `asked` counts the requests.
tls_server() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout key.pem -out certificate.pem 2>/dev/null
    rm -f port asked
    /usr/bin/python3 -c '
import http.server, ssl
class Vendor(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        open("asked", "a").write("one\n")
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"null")
    def log_message(self, *arguments):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("certificate.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()' >port 2>/dev/null 3>&- &
    server=$!
    until_true test -s port
    STANDIN_URL=https://localhost:$(cat port)
}

@test "a certificate that is not trusted, or another host's, gets neither token nor report" {
    tls_server localhost
    outcomes 1
    outbound_config
    run carry report
    [ "$status" -eq 1 ]
    [[ "$output" == *certificate* ]]
    [ "$(tries)" = "not_accepted 1" ]
    [ ! -e asked ]

    later "+2h"
    outbound_config fraud 'ca_file = certificate.pem'
    run carry report
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 1" ]
    [ "$(wc -l <asked)" = 1 ]

    kill "$server"
    regjob_fresh
    later ""
    tls_server other.example
    outcomes 1
    outbound_config fraud 'ca_file = certificate.pem'
    run carry report
    [ "$status" -eq 1 ]
    [ "$(tries)" = "not_accepted 1" ]
    [ "$(ledger_reg "SELECT state || ' ' || ambiguous_tries FROM reg_reports")" = "retrying 0" ]
    [ ! -e asked ]
}
