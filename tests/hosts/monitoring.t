#!/bin/bash
# SPDX-License-Identifier: MIT
# What samples/monitoring makes of the metrics: its alerts by promtool, and its names by a run of the job.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=0
ok() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then echo "ok $number - $2"; else
        failed=1
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/said"
    fi
}
promtool check rules samples/monitoring/alerts.yml >"$work/said" 2>&1
ok $? 'the alerts are well made'
promtool test rules samples/monitoring/alerts_test.yml >"$work/said" 2>&1
ok $? 'each alert fires when it shall, and not when it shall not'
[ "$(grep -c '^  # .* fires$' samples/monitoring/alerts_test.yml)" -ge "$(grep -c 'alert:' samples/monitoring/alerts.yml)" ]
ok $? 'each alert has a case that fires'

regjob="$PWD/build/regjob -l $work/ledger.db --metrics $work/m.prom"
cp samples/signups.csv samples/dashboard.csv "$work/"
{
    $regjob init
    $regjob import "$work/signups.csv"
    $regjob send
    $regjob settle
    $regjob report
    $regjob reconcile "$work/dashboard.csv"
    $regjob nightly
} >"$work/said" 2>&1
# The collector reads the older of the two formats.
promtool check metrics <"$work/m.prom" >"$work/said" 2>&1
ok $? 'Prometheus finds no fault with the metrics'
[ -s "$work/m.prom" ] && python3 - "$work/m.prom" samples/monitoring/alerts.yml samples/monitoring/dashboard.json >"$work/said" 2>&1 <<'END'
import json, re, sys
made, alerts, dashboard = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
series = re.findall(r"^(regjob_\w+)(?:\{(.*)\})? ", made, re.M)
known = {name: [] for name, _ in series}
for name, labels in series:
    known[name].append(dict(re.findall(r'(\w+)="([^"]*)"', labels)))
expressions = re.findall(r"regjob_\w+(?:\{[^}]*\})?", "\n".join(re.findall(r"expr: (.*(?:\n {10,}.*)*)", alerts)))
expressions += [word for text in re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', dashboard) for word in re.findall(r"regjob_\w+(?:\{[^}]*\})?", text.replace('\\"', '"'))]
assert len(expressions) > 20, expressions
for expression in expressions:
    name, _, selector = expression.partition("{")
    assert name in known, expression
    wanted = dict(re.findall(r'(\w+)="([^"]*)"', selector))
    assert any(all(labels.get(key) == value for key, value in wanted.items()) for labels in known[name]), expression
board = json.loads(dashboard)
assert board["panels"] and len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
END
ok $? 'every metric and label that alerts and dashboard name is one that the job makes'
echo "1..$number"
exit $failed
