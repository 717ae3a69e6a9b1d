#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The stand-in itself: other tests believe what it says, so it is tested like any part.

load standin_requests

@test "it listens on 127.0.0.1 alone, and ends on SIGTERM without leaving its port file" {
    standin_start
    run awk -v port="$(printf '%04X' "$STANDIN_PORT")" '$4 == "0A" && $2 ~ ":" port "$" { print $2 }' \
        /proc/net/tcp
    [ "$output" = "0100007F:$(printf '%04X' "$STANDIN_PORT")" ]
    if [ -r /proc/net/tcp6 ]; then
        run grep -i ":$(printf '%04X' "$STANDIN_PORT") .* 0A " /proc/net/tcp6
        [ "$status" = 1 ]
    fi
    standin_stop
    [ ! -e "$STANDIN_DIR/port" ]
}

@test "it ends by itself after --seconds, and when it is told to stop" {
    standin_start --seconds 1
    standin_wait "$STANDIN_PID"
    [ ! -e "$STANDIN_DIR/port" ]
    standin_start
    [ "$(send /control/stop --request POST)" = 200 ]
    standin_wait "$STANDIN_PID"
    [ ! -e "$STANDIN_DIR/port" ]
}

@test "wrong arguments are refused with the reason and exit 64" {
    local program=${STANDIN:-$BATS_TEST_DIRNAME/../../build/standin}
    for arguments in "" "--token" "--token T extra" "--token T --port 65536" "--token T --port x" \
        "--token T --seconds 0" "--token T --unknown" "--token T --unchecked --accepted f" \
        "--token T --fault nonsense" "--token T --fault status-99" "--token T --fault status-1000" \
        "--token T --fault slow:speed=1" "--token T --fault slow:milliseconds" \
        "--token T --fault slow:milliseconds=x" "--token T --fault null:probability=2" \
        "--token T --fault null:count=-1"; do
        # shellcheck disable=SC2086
        run timeout 10 "$program" $arguments
        echo "$arguments: $status $output"
        [ "$status" = 64 ]
        [[ "$output" == *usage:* ]]
    done
    run timeout 10 "$program" --token T --accepted /nonexistent/file
    [ "$status" = 1 ]
    [[ "$output" == *"/nonexistent/file: No such file"* ]]
    run timeout 10 "$program" --token T --port-file /nonexistent/port
    [ "$status" = 1 ]
    standin_start
    run timeout 10 "$program" --token T --port "$STANDIN_PORT"
    [ "$status" = 1 ]
    [[ "$output" == *"port $STANDIN_PORT: cannot listen: Address already in use"* ]]
}

@test "the vendor's example is accepted, now and as old data, and kept member for member" {
    standin_start
    [ "$(register)" = 200 ]
    python 'a = load(sys.argv[1])
assert sorted(a) == ["status", "timestamp"] and a["status"] == 200, a
assert type(a["timestamp"]) is int and a["timestamp"] > 1600000000000, a' "$answer"
    [ "$(send /v2/backfill/registration --header "Authorization: token $STANDIN_TOKEN" \
        --header 'Content-Type: application/json; charset=utf-8' --data-binary "@$body")" = 200 ]
    standin_get /accepted >"$BATS_TEST_TMPDIR/accepted"
    python 'sent = load(sys.argv[1]); kept = load(sys.argv[2])
lines = [json.loads(line) for line in open(sys.argv[3])]
assert kept == lines and len(lines) == 2, lines
for n, line in enumerate(lines):
    assert sorted(line) == ["answered", "body", "n", "path", "received_ms"], line
    assert line["n"] == n + 1 and line["answered"] == 200 and line["body"] == sent, line
assert [l["path"] for l in lines] == ["/v2/registration", "/v2/backfill/registration"]' \
        "$body" "$BATS_TEST_TMPDIR/accepted" "$STANDIN_DIR/accepted.jsonl"
    stats_are accepted 2
    stats_are duplicates 1
    stats_are requests 2
    stats_are by_status.200 2
}

@test "token, content type, method, path and size are checked" {
    standin_start
    local json='Content-Type: application/json' token="Authorization: token $STANDIN_TOKEN"
    [ "$(send /v2/registration --header "$json" --data-binary "@$body")" = 401 ]
    [ "$(send /v2/registration --header "$json" --header 'Authorization: token wrong' --data-binary "@$body")" = 401 ]
    [ "$(send /v2/registration --header "$json" --header "Authorization: Bearer $STANDIN_TOKEN" --data-binary "@$body")" = 401 ]
    [ "$(status_in_body)" = 401 ]
    [ "$(send /v2/registration --header "$token" --header 'Content-Type:' --data-binary "@$body")" = 400 ]
    [ "$(send /v2/registration --header "$token" --header 'Content-Type: text/json' --data-binary "@$body")" = 406 ]
    [ "$(send /v2/registration --header "$token")" = 405 ]
    grep -qi '^allow: POST' "$headers"
    [ "$(send '/v2/registration?score=true' --header "$token" --header "$json" \
        --data-binary "@$body")" = 400 ]
    grep -q 'score.*Checkpoint' "$answer"
    [ "$(send /v2/checkpoint --header "$token" --header "$json" --data-binary "@$body")" = 404 ]
    head -c 1100000 /dev/zero >"$BATS_TEST_TMPDIR/large"
    [ "$(send /v2/registration --header "$token" --header "$json" --data-binary "@$BATS_TEST_TMPDIR/large")" = 413 ]
    stats_are accepted 0
    stats_are by_status.401 3
    [ ! -s "$STANDIN_DIR/accepted.jsonl" ]
}

@test "a body that is not one strict JSON object is refused" {
    standin_start
    local example=$BATS_TEST_TMPDIR/example.json
    cp "$body" "$example"
    for text in '' '{' 'null' '[]' '{"timestamp":1,"timestamp":2}' '{"a":"\u0000"}' $'{"a":"\xff"}'; do
        printf '%s' "$text" >"$body"
        [ "$(register)" = 400 ]
        [ "$(status_in_body)" = 400 ]
    done
    # A member twice: which one would count?
    sed '0,/^{/s//{"timestamp": 1512828988826, /' "$example" >"$body"
    [ "$(register)" = 400 ]
    grep -q 'duplicate object key' "$answer"
    stats_are accepted 0
}

@test "each wrong member is refused by its name" {
    standin_start
    while IFS='|' read -r code message; do
        [ "$(changed "$code")" = 400 ] || { echo "accepted: $code"; false; }
        grep -qF "\"message\":\"$message" "$answer" || { echo "$code"; cat "$answer"; false; }
    done <<'END'
del e["timestamp"]|timestamp: missing
e["timestamp"] = "1512828988826"|timestamp: must be an integer
e["timestamp"] = 1512828988826.0|timestamp: must be an integer
e["timestamp"] = 1512828988|timestamp: must be an integer, Unix time in milliseconds
e["timestamp"] = 1512828988826000|timestamp: must be an integer, Unix time in milliseconds
e["score"] = True|score: unknown member
e["eventType"] = "x"|eventType: unknown member
del e["registration"]|registration: missing
e["registration"] = None|registration: must be an object
del r["success"]|registration.success: missing
r["success"] = 1|registration.success: must be true or false
r["success"] = None|registration.success: must be true or false
r["username"] = None|registration.username: must be a string
r["username"] = ""|registration.username: must be a string that is not empty
r["email"] = "a@example.com"|registration.email: unknown member
r["guestAccount"] = "no"|registration.guestAccount: must be true or false
r["marketingEmailsEnabled"] = 0|registration.marketingEmailsEnabled: must be true or false
r["app"] = "web"|registration.app: must be an object
r["app"] = {"platform": "windows"}|registration.app.platform: must be one of
r["app"] = {"name": 1}|registration.app.name: must be a string
r["app"] = {"domain": 1}|registration.app.domain: must be a string
r["app"] = {"version": "1"}|registration.app.version: unknown member
r["registrationMechanism"] = {}|registration.registrationMechanism: must name a mechanism
m["passkey"] = {}|registration.registrationMechanism.passkey: unknown member
m["password"]["passwordHashed"] = "EF92B778BAFE771E89245B89ECBC08A44A4E166C06659911881F383D4473E94F"|registration.registrationMechanism.password.passwordHashed: must be 64 lower-case
m["password"]["passwordHashed"] = "ef92"|registration.registrationMechanism.password.passwordHashed: must be 64 lower-case
m["password"]["passwordHashed"] += "0"|registration.registrationMechanism.password.passwordHashed: must be 64 lower-case
m["password"]["passwordSHA1SHA256"] = "x"|registration.registrationMechanism.password.passwordSHA1SHA256: must be 64 lower-case
del m["password"]["success"]|registration.registrationMechanism.password.success: missing
m["password"]["success"] = "true"|registration.registrationMechanism.password.success: must be true or false
m["password"]["failureReason"] = "too simple"|registration.registrationMechanism.password.failureReason: must be a reason
m["password"]["password"] = "password123"|registration.registrationMechanism.password.password: unknown member
m["social"] = {"success": True}|registration.registrationMechanism.social.socialProvider: missing
m["social"] = {"success": True, "socialProvider": "myspace"}|registration.registrationMechanism.social.socialProvider: must be one of
m["social"] = {"socialProvider": "google"}|registration.registrationMechanism.social.success: missing
m["smsCode"] = {"success": False, "failureReason": "OTHER"}|registration.registrationMechanism.smsCode.failureReason: must be one of
m["smsCode"] = {"success": False, "phoneNumber": "0604"}|registration.registrationMechanism.smsCode.phoneNumber: must be a telephone number
m["magiclink"] = {"transport": "post"}|registration.registrationMechanism.magiclink.transport: must be one of
m["magiclink"] = {"success": True}|registration.registrationMechanism.magiclink.transport: missing
m["magiclink"] = {"transport": "sms", "failureReason": "RATE_LIMIT"}|registration.registrationMechanism.magiclink.failureReason: must be one of
del e["customer"]|customer, supplier: exactly one
e["supplier"] = {"email": "a@example.com"}|customer, supplier: exactly one
e["customer"]["email"] = "nobody"|customer.email: must be an e-mail address
e["customer"]["email"] = "a@b.example, c@d.example"|customer.email: must be an e-mail address
e["customer"]["emailVerifiedTime"] = 1512828988|customer.emailVerifiedTime: must be an integer
e["customer"]["emailVerifiedTime"] = None|customer.emailVerifiedTime: must be an integer
e["customer"]["name"] = 1|customer.name: must be a string
e["customer"]["familyName"] = []|customer.familyName: must be a string
e["customer"]["givenName"] = {}|customer.givenName: must be a string
e["customer"]["telephone"] = "6045555555"|customer.telephone: must be a telephone number
e["customer"]["telephone"] = "+1 604 555 5555"|customer.telephone: must be a telephone number
e["customer"]["telephoneVerifiedTime"] = "now"|customer.telephoneVerifiedTime: must be an integer
e["customer"]["telephoneCountry"] = "DO"|customer.telephoneCountry: must be an ISO 3166-1 alpha-3
e["customer"]["telephoneCountry"] = "dom"|customer.telephoneCountry: must be an ISO 3166-1 alpha-3
e["customer"]["customerId"] = 7|customer.customerId: must be a string
e["customer"]["supplierId"] = "7"|customer.supplierId: unknown member
e["supplier"] = e.pop("customer"); e["supplier"]["customerId"] = "7"|supplier.customerId: unknown member
e["device"] = []|device: must be an object
e["device"]["deviceId"] = 1|device.deviceId: must be a string
e["device"]["type"] = 1|device.type: must be a string
e["device"]["manufacturer"] = 1|device.manufacturer: must be a string
e["device"]["model"] = 1|device.model: must be a string
e["device"]["os"] = 1|device.os: must be a string
e["device"]["language"] = ""|device.language: must be a string that is not empty
e["device"]["ipAddress"] = "81.152.92.256"|device.ipAddress: must be an IP address
e["device"]["uuid"] = "x"|device.uuid: unknown member
e["device"]["location"]["latitude"] = 90.5|device.location.latitude: must be a number
e["device"]["location"]["longitude"] = "-0.1"|device.location.longitude: must be a number
e["device"]["location"]["longitude"] = -181|device.location.longitude: must be a number
del e["device"]["location"]["latitude"]|device.location.latitude: missing
e["device"]["location"]["country"] = "GBR"|device.location.country: unknown member
END
    stats_are accepted 0
    [ ! -s "$STANDIN_DIR/accepted.jsonl" ]
}

@test "each documented form is accepted" {
    standin_start
    local count=0
    while read -r code; do
        [ "$(changed "$code")" = 200 ] || { echo "refused: $code"; cat "$answer"; false; }
        count=$((count + 1))
    done <<'END'
r["success"] = False
del r["username"]
del r["registrationMechanism"]
del e["device"]
e["device"] = {}
e["customer"] = {}
e["customer"]["customerId"] = "abc-123"
e["customer"]["email"] = "jürgen@bücher.example"
e["supplier"] = e.pop("customer"); e["supplier"]["supplierId"] = "s-1"
e["device"]["ipAddress"] = "2001:db8::1"
e["device"]["userAgent"] = "Mozilla/5.0"
e["device"]["location"] = {"latitude": -90, "longitude": 180}
r["app"] = {"name": "Our App", "platform": "mobile-web", "domain": "example.com"}
r["guestAccount"] = False; r["marketingEmailsEnabled"] = True
m["password"] = {"success": False, "failureReason": "PASSWORD_TOO_SIMPLE"}
m["password"]["passwordSHA1SHA256"] = "0" * 64
r["registrationMechanism"] = {"social": {"socialProvider": "apple", "success": True}}
r["registrationMechanism"] = {"smsCode": {"phoneNumber": "+16045555555", "success": False, "failureReason": "CODE_TIMEOUT"}}
r["registrationMechanism"] = {"magiclink": {"transport": "email", "success": False, "failureReason": "TIMEOUT"}}
END
    stats_are accepted "$count"
    stats_are duplicates 0
}

@test "the dashboard counts by day and outcome, in the time zone asked for" {
    standin_start
    # 2017-12-09 23:30, 23:59:59.999 and 2017-12-10 00:00 UTC.
    [ "$(changed 'e["timestamp"] = 1512862200000')" = 200 ]
    [ "$(changed 'e["timestamp"] = 1512863999999; r["success"] = False')" = 200 ]
    [ "$(changed 'e["timestamp"] = 1512864000000')" = 200 ]
    [ "$(changed 'e["timestamp"] = 1512864000000')" = 200 ]
    [ "$(standin_get /dashboard.csv)" = $'date,success,failure\n2017-12-09,1,1\n2017-12-10,2,0' ]
    [ "$(standin_get '/dashboard.csv?tz=+00:00')" = "$(standin_get /dashboard.csv)" ]
    [ "$(standin_get '/dashboard.csv?tz=+01:00')" = $'date,success,failure\n2017-12-10,3,1' ]
    [ "$(standin_get '/dashboard.csv?tz=%2B00:29')" = "$(standin_get '/dashboard.csv?tz=%2B00:01')" ]
    [ "$(standin_get '/dashboard.csv?tz=%2B00:30')" = "$(standin_get '/dashboard.csv?tz=%2B01:00')" ]
    [ "$(standin_get '/dashboard.csv?tz=-05:30')" = $'date,success,failure\n2017-12-09,3,1' ]
    [ "$(standin_get '/dashboard.csv?shape=long')" = "$(printf '%s\n' date,outcome,count \
        2017-12-09,success,1 2017-12-09,failure,1 2017-12-10,success,2 2017-12-10,failure,0)" ]
    [ "$(send '/dashboard.csv?tz=Europe/Paris')" = 400 ]
    [ "$(send '/dashboard.csv?tz=+1:000')" = 400 ]
    [ "$(send '/dashboard.csv?shape=square')" = 400 ]
}

@test "reset clears counts, events, messages and their files" {
    mkdir "$BATS_TEST_TMPDIR/sms"
    standin_start --sms-dir "$BATS_TEST_TMPDIR/sms"
    [ "$(register)" = 200 ]
    [ "$(send /sms --json '{"to":"+16045555555","from":"Reg","text":"12345"}')" = 200 ]
    stats_are requests 2
    [ "$(send /control/reset --request POST)" = 200 ]
    standin_stats | python 's = json.load(sys.stdin); del s["connections"]
assert s.pop("by_status") == {} and set(s.values()) == {0}, s'
    [ "$(standin_get /accepted | python 'print(json.load(sys.stdin))')" = '[]' ]
    [ "$(standin_get /sms/messages | python 'print(json.load(sys.stdin))')" = '[]' ]
    [ "$(standin_get /requests | python 'print(json.load(sys.stdin))')" = '[]' ]
    [ ! -s "$STANDIN_DIR/accepted.jsonl" ]
    [ -z "$(ls "$BATS_TEST_TMPDIR/sms")" ]
    [ "$(register)" = 200 ]
    stats_are accepted 1
    stats_are duplicates 0
    run python 'print([json.loads(line)["n"] for line in open(sys.argv[1])])' "$STANDIN_DIR/accepted.jsonl"
    [ "$output" = "[1]" ]
}

@test "requests are listed with time and status" {
    standin_start --fault status-503:count=1 --fault hangup-after:count=1
    [ "$(register)" = 503 ]
    run register
    [ "$(register)" = 200 ]
    standin_get /requests >"$answer"
    python 'r = load(sys.argv[1])
assert [v["status"] for v in r] == [503, 0, 200], r
assert {v["path"] for v in r} == {"/v2/registration"}, r
assert r[0]["received_ms"] <= r[1]["received_ms"] <= r[2]["received_ms"], r' "$answer"
    standin_stats | python 's = json.load(sys.stdin)
r = load(sys.argv[1]); assert s["first_ms"] == r[0]["received_ms"] and s["last_ms"] == r[2]["received_ms"], s' "$answer"
}

# message N MEMBER: of the messages that the gateway took.
message() {
    standin_get /sms/messages | python 'print(json.load(sys.stdin)[int(sys.argv[1])][sys.argv[2]])' "$1" "$2"
}

@test "messages come as JSON, as a form, and as Twilio's clients send them" {
    mkdir "$BATS_TEST_TMPDIR/sms"
    standin_start --sms-dir "$BATS_TEST_TMPDIR/sms"
    [ "$(send /sms --json '{"to":"+16045555555","from":"Reg","text":"Your code: 12345 \"ü\"\n@example.com #12345"}')" = 200 ]
    [ "$(send /sms-form --data-urlencode 'to=+16045555556' --data-urlencode 'from=Reg & Co' \
        --data-urlencode 'text=Ihr Code: 1+1=2 ü')" = 200 ]
    [ "$(send /2010-04-01/Accounts/AC1/Messages.json --user "AC1:$STANDIN_TOKEN" \
        --data-urlencode 'To=+16045555557' --data-urlencode 'From=+15005550006' --data-urlencode 'Body=54321')" = 201 ]
    python 'a = load(sys.argv[1]); assert a["status"] == "queued" and a["sid"][:2] == "SM" and len(a["sid"]) == 34, a' "$answer"
    [ "$(message 0 text)" = $'Your code: 12345 "ü"\n@example.com #12345' ]
    [ "$(message 0 authorization)" = none ]
    [ "$(message 1 to)" = +16045555556 ]
    [ "$(message 1 from)" = 'Reg & Co' ]
    [ "$(message 1 text)" = 'Ihr Code: 1+1=2 ü' ]
    [ "$(message 2 profile)" = twilio ]
    [ "$(message 2 text)" = 54321 ]
    [ "$(message 2 authorization)" = basic ]
    stats_are sms_messages 3
    [ "$(cd "$BATS_TEST_TMPDIR/sms" && echo *)" = '000001.json 000002.json 000003.json' ]
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/sms/000001.json")" = 600 ]
    standin_get /sms/messages >"$answer"
    python 'assert [load(p) for p in sys.argv[2:]] == load(sys.argv[1])' "$answer" "$BATS_TEST_TMPDIR"/sms/*.json
}

@test "wrong messages and credentials are refused" {
    standin_start
    for wrong in '{"from":"Reg","text":"1"}' '{"to":"+16045555555","from":"Reg"}' \
        '{"to":"+16045555555","from":"Reg","text":""}' '{"to":"6045555555","from":"Reg","text":"1"}' \
        '{"to":"+16045555555","from":"Reg","text":"1","sender":"x"}' '{"to":"+16045555555","from":"Reg","text":1}' \
        '[]' '{'; do
        [ "$(send /sms --json "$wrong")" = 400 ] || { echo "$wrong"; false; }
    done
    [ "$(send /sms-form --data 'to=%2B16045555555&from=Reg&text=%00')" = 400 ]
    [ "$(send /sms-form --data 'to=%2B16045555555&from=Reg&text=%ff')" = 400 ]
    [ "$(send /sms-form --data 'to=%2B16045555555&from=Reg&text=a&Body=b')" = 400 ]
    [ "$(send /sms-form --json '{"to":"+16045555555","from":"Reg","text":"1"}')" = 400 ]
    local message='{"to":"+16045555555","from":"Reg","text":"1"}'
    [ "$(send /sms --json "$message" --oauth2-bearer wrong)" = 401 ]
    [ "$(send /sms --json "$message" --user me:wrong)" = 401 ]
    stats_are sms_messages 0
    [ "$(send /sms --json "$message" --oauth2-bearer "$STANDIN_TOKEN")" = 200 ]
    [ "$(message 0 authorization)" = bearer ]
    [ "$(send /sms --json "$message" --user "me:$STANDIN_TOKEN")" = 200 ]
    local twilio=(--data-urlencode 'To=+16045555555' --data From=Reg --data Body=1)
    [ "$(send /2010-04-01/Accounts/AC1/Messages.json "${twilio[@]}")" = 401 ]
    [ "$(send /2010-04-01/Accounts/AC1/Messages.json "${twilio[@]}" --user "AC2:$STANDIN_TOKEN")" = 401 ]
    [ "$(send /2010-04-01/Accounts/AC1/Messages.json "${twilio[@]}" --user AC1:wrong)" = 401 ]
    [ "$(send /2010-04-01/Accounts//Messages.json "${twilio[@]}" --user "AC1:$STANDIN_TOKEN")" = 404 ]
    [ "$(send /2010-04-01/Accounts/AC1/Messages.json --data Body=1 --user "AC1:$STANDIN_TOKEN")" = 400 ]
    stats_are sms_messages 2
}

@test "faults apply to messages too" {
    standin_start --fault status-503:count=1,path=/sms --fault twice:count=1 --fault hangup-after:count=1 \
        --fault 500-accepted:count=1,path=/sms
    local message='{"to":"+16045555555","from":"Reg","text":"1"}'
    [ "$(send /sms --json "$message")" = 503 ]
    stats_are sms_messages 0
    [ "$(send /sms --json "$message")" = 200 ]
    stats_are sms_messages 2
    run send /sms --json "$message"
    [ "$status" = 52 ]
    stats_are sms_messages 3
    [ "$(message 2 answered)" = 0 ]
    [ "$(send /sms --json "$message")" = 500 ]
    stats_are sms_messages 4
    [ "$(message 3 answered)" = 500 ]
}

@test "unchecked only counts" {
    standin_start --unchecked --fault status-503:count=1
    [ "$(send /v2/registration --data-binary nonsense)" = 503 ]
    [ "$(send /v2/registration --data-binary nonsense)" = 200 ]
    [ "$(status_in_body)" = 200 ]
    [ "$(send /sms --data-binary nonsense)" = 200 ]
    stats_are requests 3
    stats_are accepted 1
    [ "$(standin_get /accepted | python 'print(json.load(sys.stdin))')" = '[]' ]
    [ "$(send /dashboard.csv)" = 409 ]
}

@test "one connection carries many requests, and many connections are carried at once" {
    standin_start --fault slow:milliseconds=300,after=20
    local urls=() i
    for ((i = 0; i < 20; i++)); do
        urls+=(--url "$STANDIN_URL/v2/registration")
    done
    local before
    before=$(standin_stats connections)
    curl --silent --fail --max-time 30 --output /dev/null --header "Authorization: token $STANDIN_TOKEN" \
        --header 'Content-Type: application/json' --data-binary "@$body" "${urls[@]}"
    # One for the twenty requests, one for the question.
    [ "$(standin_stats connections)" = $((before + 2)) ]
    stats_are accepted 20
    curl --silent --fail --max-time 30 --output /dev/null --parallel --parallel-immediate --parallel-max 20 \
        --header "Authorization: token $STANDIN_TOKEN" --header 'Content-Type: application/json' \
        --data-binary "@$body" "${urls[@]}"
    stats_are accepted 40
    stats_are duplicates 39
    [ "$(standin_stats max_concurrent)" -gt 5 ]
}
