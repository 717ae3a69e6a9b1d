#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page of `regjob dashboard` in Debian's Chromium, on a phone and on a wide screen, in light and dark, on paper and by keyboard: make browser-test.

PICTURES=FOLDER keeps what was seen.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chromium import Chromium  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
CHARTS = ["outcomes", "funnel", "reasons", "delivery", "reconciliation"]

# How many pixels of each canvas are painted, and in how many colours.
PAINTED = """[...document.querySelectorAll('canvas')].map(canvas => {
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    const painted = pixels.filter(pixel => pixel >>> 24 !== 0);
    return {name: canvas.dataset.chart, pixels: pixels.length, painted: painted.length, colours: new Set(painted).size,
            left: canvas.getBoundingClientRect().left, right: canvas.getBoundingClientRect().right};
})"""
# Text whose contrast with what is behind it is below 4.5 (WCAG AA).
FAINT = """(() => {
    const light = text => {
        const [r, g, b] = text.match(/[0-9.]+/g).map(Number).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    return [...document.querySelectorAll('h1, h2, p, a, dt, dd, th, td, caption, figcaption, span')].filter(element => {
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
    }).map(element => element.outerHTML.slice(0, 80));
})()"""

number = failures = 0


def check(right, name, *explanations):
    global number, failures
    number += 1
    failures += not right
    print(f"{'ok' if right else 'not ok'} {number} - {name}", flush=True)
    if not right:
        for text in explanations:
            print("# " + str(text)[:2000].replace("\n", "\n# "))


def shell(words, text=None):
    return subprocess.run(words, input=text, capture_output=True, text=True, timeout=120, check=True).stdout


def make_pages(folder):
    """A page with something in each chart, and one of an empty ledger."""
    job, ledger = os.path.join(BUILD, "regjob"), os.path.join(folder, "ledger.db")
    settings = '{"registrationType": "REQUIRE_PIN_CONFIRMATION", "pinConfirmationType": "EVERYONE", "sandbox": true, ' \
               '"passwordHash": {"memoryKiB": 8, "passes": 1}, "requiredConsents": []}'
    shell([job, "-l", ledger, "init"])
    shell([job, "-l", ledger, "dashboard", "-o", os.path.join(folder, "empty.html")])
    shell(["sqlite3", "-batch", ledger], f".load {BUILD}/reg\nSELECT reg_settings_patch('{settings}');")
    signups = os.path.join(folder, "signups.csv")
    with open(signups, "w", encoding="utf-8", newline="") as file:
        file.write(shell(["perl", os.path.join(ROOT, "samples", "recent.pl"), os.path.join(ROOT, "samples", "signups.csv")]))
    shell([job, "-l", ledger, "import", signups])
    shell(["sqlite3", "-batch", "-bail", ledger], """
        UPDATE code SET recorded_at = recorded_at - (1 + id % 4) * 86400000;
        UPDATE code SET handed_over_at = recorded_at + 250 * id, next_try_at = NULL WHERE id % 3;
        INSERT INTO run (id, command, started_at, finished_at, exit_code, counts) VALUES (90, 'send', 1, 2, 1, '{"send": {"refused": 3}}');
        INSERT INTO run (id, command, started_at) VALUES (91, 'nightly', 3);""")
    export = shell(["sqlite3", "-batch", ledger], """SELECT 'date,success,failure' UNION ALL
        SELECT date(attempted_at / 1000, 'unixepoch') || ',' || (sum(outcome = 'success') + 2) || ',' || sum(outcome = 'failure') FROM attempt
         GROUP BY date(attempted_at / 1000, 'unixepoch');""")
    os.mkdir(os.path.join(folder, "exports"))
    with open(os.path.join(folder, "exports", "export.csv"), "w", encoding="utf-8") as file:
        file.write(export)
    with open(os.path.join(folder, "job.conf"), "w", encoding="utf-8") as file:
        file.write("[reconcile]\ninbox = exports\n")
    shell([job, "-c", os.path.join(folder, "job.conf"), "-l", ledger, "dashboard", "-o", os.path.join(folder, "page.html")])


def table_beside(name):
    """The chart's numbers as Chart.js holds them are those of the table that follows it: their sums, column by column."""
    return f"""(() => {{
        const figure = document.querySelector('canvas[data-chart="{name}"]').closest('figure');
        const rows = [...figure.nextElementSibling.querySelectorAll('tbody tr')];
        const chart = Chart.getChart(figure.querySelector('canvas'));
        const head = [...figure.nextElementSibling.querySelectorAll('thead th')].map(cell => cell.textContent);
        return chart.data.datasets.map(set => {{
            const column = head.indexOf(set.label);
            return [set.label, set.data.reduce((a, b) => a + b, 0), rows.reduce((sum, row) => sum + Number(row.children[column].textContent), 0)];
        }});
    }})()"""


def look(browser, url, width, scheme):
    view = f"{width} pixels, {scheme}"
    browser.size(width)
    browser.media("screen", scheme)
    requests, wrong = browser.open(url)
    check(not wrong, f"{view}: nothing goes wrong", wrong)
    check(requests == [url], f"{view}: nothing but the page is asked for", requests)
    drawn = browser.evaluate(PAINTED)
    check([chart["name"] for chart in drawn] == CHARTS, f"{view}: every chart is there", drawn)
    for chart in drawn:
        check(chart["painted"] > chart["pixels"] / 100 and chart["colours"] > 8, f"{view}: {chart['name']} is drawn", chart)
        check(chart["left"] >= 0 and chart["right"] <= width, f"{view}: {chart['name']} stands within the screen", chart)
    wide = browser.evaluate("document.documentElement.scrollWidth")
    check(wide <= width, f"{view}: the page does not scroll sideways", wide)
    small = browser.evaluate("[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 12)"
                             ".map(e => e.outerHTML.slice(0, 80))")
    check(not small, f"{view}: no text is smaller than 12 pixels", small)
    faint = browser.evaluate(FAINT)
    check(not faint, f"{view}: text stands out from what is behind it", faint)
    if os.environ.get("PICTURES"):
        browser.picture(os.path.join(os.environ["PICTURES"], f"{width}-{scheme}.png"))


def numbers(browser):
    for name in ("outcomes", "funnel", "reasons", "reconciliation"):
        sums = browser.evaluate(table_beside(name))
        check(sums and all(of_chart == of_table for _, of_chart, of_table in sums), f"{name}: chart and table say the same", sums)
    sets = browser.evaluate("Chart.getChart(document.querySelector('canvas[data-chart=outcomes]')).data.datasets.map(set => "
                            "typeof set.backgroundColor === 'string' ? 'plain' : String(set.backgroundColor))")
    check(sets[0] == "plain" and sets.count("[object CanvasPattern]") == 2, "outcomes differ by pattern, not by colour alone", sets)


def keyboard(browser):
    tables = browser.evaluate("document.querySelectorAll('.scroll').length")
    links = browser.evaluate("document.querySelectorAll('a').length")
    seen = []
    for _ in range(tables + links):
        browser.key("Tab", 9)
        seen.append(browser.evaluate("[document.activeElement.tagName, document.activeElement.className,"
                                     " getComputedStyle(document.activeElement).outlineStyle !== 'none']"))
    check(seen and seen[0][:2] == ["A", "skip"], "the first tab goes to the link that skips the contents", seen)
    check(sum(name == "scroll" for _, name, _ in seen) == tables, "every table is reached by tab", seen)
    check(all(outlined for _, _, outlined in seen), "what has the focus shows it", seen)


def names(browser):
    browser.call("Accessibility.enable")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    named = {}
    for node in nodes:
        if not node.get("ignored"):
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role, least in (("image", 5), ("region", 10), ("table", 10), ("navigation", 1), ("main", 1), ("columnheader", 20), ("rowheader", 20)):
        check(len(named.get(role, [])) >= least, f"a screen reader finds {role}s", {r: len(n) for r, n in named.items()})
    for role in ("image", "region", "table", "navigation"):
        check(all(named.get(role, [""])), f"every {role} has a name", named.get(role))


def paper(browser):
    browser.media("print", "dark")
    browser.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    browser.settle()
    ink = browser.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    check(ink == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"], "paper stays white, also where the screen is dark", ink)
    cut = browser.evaluate("[...document.querySelectorAll('.scroll')].filter(e => e.scrollHeight > e.clientHeight + 1).length")
    check(cut == 0, "on paper every table is shown whole", cut)
    text = browser.evaluate("Chart.getChart(document.querySelector('canvas')).options.scales.x.ticks.color")
    check(text == "#1b1f24", "on paper charts have dark letters", text)
    browser.evaluate("window.dispatchEvent(new Event('afterprint'))")
    text = browser.evaluate("Chart.getChart(document.querySelector('canvas')).options.scales.x.ticks.color")
    check(text == "#e6edf3", "and afterwards light ones again", text)
    pdf = browser.call("Page.printToPDF")["data"]
    check(len(pdf) > 10000, "it can be printed", len(pdf))


def main():
    with tempfile.TemporaryDirectory() as folder:
        make_pages(folder)
        browser = Chromium(folder)
        try:
            page, empty = (f"file://{folder}/{name}.html" for name in ("page", "empty"))
            for width in (360, 1400):
                for scheme in ("light", "dark"):
                    look(browser, page, width, scheme)
            numbers(browser)
            names(browser)
            keyboard(browser)
            paper(browser)
            browser.media("screen", "light")
            requests, wrong = browser.open(empty)
            check(not wrong and requests == [empty], "the page of an empty ledger opens without errors", wrong, requests)
        finally:
            browser.close()
    print(f"1..{number}")
    return failures > 0


sys.exit(main())
