# SPDX-License-Identifier: MIT
# Nodes behind TLS, with users.

load ../helper
load ../cluster

setup() {
    regjob_setup
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.pem -days 2 -subj /CN=node -addext "subjectAltName=DNS:localhost" 2>/dev/null
    echo '[{"username": "regjob", "password": "secret word", "perms": ["all"]}, {"username": "*", "perms": ["ready"]}]' >auth.json
    read -r port raft < <(/usr/bin/python3 -c '
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))')
    "$RQLITED" -fk -node-id 0 -auth auth.json -http-cert tls.pem -http-key tls.key -http-addr "localhost:$port" -raft-addr "localhost:$raft" node >node.log 2>&1 3>&- &
    server=$!
    disown
    until_true curl -sf --cacert tls.pem "https://localhost:$port/readyz"
    printf 'secret word' >password
    chmod 600 password
    printf '[ledger]\npath = https://localhost:%s\nkey_file = ledger.db.key\nca_file = tls.pem\nuser = regjob\npassword_file = password\n' "$port" >regjob.conf
}

teardown() {
    kill -9 "$server" 2>/dev/null || true
}

@test "with the right certificate and user it is as any other; with a wrong one nothing is said but that" {
    run carry -v init
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" != *"secret"* ]]
    cp "$ROOT/samples/partner.csv" .
    carry import partner.csv
    carry snapshot copy.db
    [ "$(sqlite3 copy.db "SELECT count(*) FROM import")" = 1 ]
    printf 'wrong word' >password
    run carry settings
    echo "$output"
    [ "$status" -eq 78 ]
    [[ "$output" == *"the user or the password is wrong"* && "$output" != *"wrong word"* ]]
    printf 'secret word' >password
    sed -i "s|https://localhost|https://127.0.0.1|" regjob.conf
    run carry settings
    echo "$output"
    [ "$status" -eq 78 ]
    sed -i "s|https://127.0.0.1|https://localhost|; s|^ca_file.*||" regjob.conf
    run carry settings
    echo "$output"
    [ "$status" -eq 78 ]
    printf '[ledger]\npath = https://localhost:%s\npassword = x\n' "$port" >wrong.conf
    run "$REGJOB" -c wrong.conf settings
    [ "$status" -eq 78 ]
    [[ "$output" == *"use password_file or password_env"* ]]
}
