#!/usr/bin/env bats
# The stand-in itself: other tests believe what it says, so it is tested like any part.

load standin

setup() {
    body=$BATS_TEST_TMPDIR/body.json
    answer=$BATS_TEST_TMPDIR/answer
    headers=$BATS_TEST_TMPDIR/headers
    # The vendor's own example of a request.
    cat >"$body" <<'END'
{
"timestamp": 1512828988826,
"registration": {
"username": "jsmith123@example.com",
"success": true,
"registrationMechanism": {
"password": {
"passwordHashed": "ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f",
"success": true
}
}
},
"customer": {
"email": "jsmith123@example.com",
"emailVerifiedTime": 1512828988826,
"name": "John Smith",
"familyName": "Smith",
"givenName": "John",
"telephone": "+16045555555",
"telephoneVerifiedTime": 1512828988826,
"telephoneCountry": "DOM"
},
"device": {
"deviceId": "a1b2c3d4e5f6",
"type": "phone",
"manufacturer": "google",
"model": "Pixel XL",
"os": "android",
"ipAddress": "81.152.92.84",
"language": "en-US",
"location": {
"latitude": 51.503252,
"longitude": -0.127899
}
}
}
END
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

@test "a slow answer comes in its time and holds up no other" {
    standin_start --fault slow:milliseconds=700,count=1
    register --write-out '%{time_total}' >"$BATS_TEST_TMPDIR/time" &
    local client=$!
    eventually stats_are requests 1
    answer=$answer.quick headers=$headers.quick register >/dev/null
    stats_are concurrent 1
    stats_are max_concurrent 2
    wait "$client"
    awk '{ exit !($1 >= 0.7 && $1 < 20) }' "$BATS_TEST_TMPDIR/time"
    stats_are accepted 2
    eventually stats_are concurrent 0
    [ "$(status_in_body)" = 200 ]
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
    limit=0.5 run register
    [ "$status" = 28 ]
    stats_are accepted 1
    stats_are unanswered 1
    eventually stats_are concurrent 0
}

@test "never: the end of the program ends the wait" {
    standin_start --fault never
    register >/dev/null 3>&- &
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
