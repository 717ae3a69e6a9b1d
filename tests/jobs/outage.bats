# SPDX-License-Identifier: MIT
# A destination that is down costs one probe at a time, not a queue of time-outs.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    nobody_gone
}

# A server that takes every connection, reads, and never says a word. For each call a line in `calls`: how many were open with it.
silent_server() {
    : >calls
    /usr/bin/python3 -c '
import asyncio
waiting = 0
async def call(reader, writer):
    global waiting
    waiting += 1
    with open("calls", "a") as calls:
        calls.write(f"{waiting}\n")
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    waiting -= 1
    writer.close()
async def main():
    server = await asyncio.start_server(call, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())' >port 2>/dev/null 3>&- &
    server=$!
    until_true test -s port
    port=$(cat port)
}

# one_at_a_time CONCURRENCY: at first as many at once as are allowed, and four more until five have failed; the first probe may meet those. From then on
# each call, at most eight with the first, has the line for itself.
one_at_a_time() {
    [ "$(grep -vcx 1 calls)" -le $(($1 + 4)) ]
    [ "$(grep -cx 1 calls)" -ge 2 ]
    [ "$(wc -l <calls)" -le $(($1 + 4 + 8)) ]
    [ "$(tail -n 1 calls)" = 1 ]
}

@test "a fraud API that takes connections and stays silent: each call is known, the rest of the queue is not touched" {
    silent_server
    STANDIN_URL=http://127.0.0.1:$port outbound_config ledger 'run_seconds = 8' fraud $'concurrency = 10\nidle_seconds = 1\ntransfer_seconds = 1'
    outcomes 300
    run timeout 60 "$REGJOB" -c regjob.conf report
    echo "$output"
    cat calls
    [ "$status" -eq 1 ]
    [[ "$output" == *"still to be sent, nothing is lost"* ]]
    calls=$(wc -l <calls)
    one_at_a_time 10
    # The other side may have acted on each of these calls.
    [ "$(tries)" = "ambiguous $calls" ]
    [ "$(ledger_reg "SELECT sum(ambiguous_tries) FROM reg_reports")" = "$calls" ]
    [ "$(due)" = 300 ]
    [ "$(ledger "SELECT count(*) FROM report WHERE next_try_at > recorded_at")" = "$calls" ]
}

@test "a mail server that takes connections and never greets: no try is spent, no code has ended" {
    silent_server
    settings '{"registrationType":"REQUIRE_EMAIL_ACTIVATION"}'
    ledger_reg "INSERT INTO reg_attempts (email, password) SELECT 'jane' || value || '@example.com', 'Abcdef1!x' FROM generate_series(1, 100)"
    outbound_config ledger 'run_seconds = 8' mail "url = smtp://127.0.0.1:$port
from = noreply@example.com
concurrency = 5
tries = 1
connect_seconds = 1
idle_seconds = 1
transfer_seconds = 1"
    run timeout 60 "$REGJOB" -c regjob.conf send
    echo "$output"
    cat calls
    [ "$status" -eq 1 ]
    [[ "$output" == *"still to be sent, nothing is lost"* ]]
    calls=$(wc -l <calls)
    one_at_a_time 5
    [ "$(tries)" = "not_accepted $calls" ]
    [ "$(ledger_reg "SELECT state || ' ' || count(*) FROM reg_codes GROUP BY state")" = "pending 100" ]
    [ "$(ledger "SELECT count(*) FROM code WHERE next_try_at IS NOT NULL")" = 100 ]
}

@test "nobody listens: a few calls, and the run ends by itself" {
    nobody
    outbound_config ledger 'run_seconds = 3' fraud 'concurrency = 10'
    outcomes 300
    run timeout 60 "$REGJOB" -c regjob.conf report
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *"still to be sent, nothing is lost"* ]]
    # Those that were under way when five had failed, and the probes.
    [ "$(ledger "SELECT count(*) BETWEEN 5 AND 23 FROM try")" = 1 ]
    [ "$(ledger "SELECT count(*) FROM try WHERE result IS NOT 'not_accepted' OR status IS NOT NULL")" = 0 ]
    [ "$(due)" = 300 ]
}
