# SPDX-License-Identifier: MIT
"""What stands in a page of `regjob dashboard`, for tests: page_contents.py FILE WHAT.

  tables              a line for each row of each table: CAPTION|CELL|...
  data CHART          the chart's numbers: SET|LABEL|VALUE, a line each (no value: empty)
  policy              one line for each promise that the page breaks: scripts, styles and requests that its policy does not cover
  structure           one line for each thing that a screen reader would miss
"""
import base64
import hashlib
import html.parser
import json
import re
import sys

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.tables = [], [], []
        self.caption = self.row = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "parents": [e["tag"] for e in self.open],
                   "regions": [e["attrs"].get("role") for e in self.open]}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)
        if tag == "tr":
            self.row = []

    def handle_endtag(self, tag):
        element = self.open.pop()
        if element["tag"] != tag:
            raise ValueError(f"</{tag}> where </{element['tag']}> belongs, line {self.getpos()[0]}")
        if tag == "caption":
            self.caption = element["text"]
        elif tag in ("th", "td"):
            self.row.append(element["text"])
        elif tag == "tr" and "tbody" in element["parents"]:
            self.tables.append([self.caption, *self.row])

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag):
        return [e for e in self.elements if e["tag"] == tag]


def data(page, chart):
    numbers = json.loads(next(e for e in page.all("script") if e["attrs"].get("id") == "data")["text"])[chart]
    for one in numbers["sets"]:
        if len(one["values"]) != len(numbers["labels"]):
            raise ValueError(f"{chart}: {one['label']} has not a value for each label")
        for label, value in zip(numbers["labels"], one["values"]):
            print(one["label"], label, "" if value is None else value, sep="|")


def policy(page):
    rules = {}
    for meta in page.all("meta"):
        if meta["attrs"].get("http-equiv") == "Content-Security-Policy":
            rules = {rule.split()[0]: rule.split()[1:] for rule in meta["attrs"]["content"].split(";")}
    if rules.get("default-src") != ["'none'"] or rules.get("base-uri") != ["'none'"] or rules.get("form-action") != ["'none'"]:
        print("the policy permits more than it must:", rules)
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        inline = [e for e in page.all(tag) if e["attrs"].get("type") != "application/json"]
        hashes = {"'sha256-" + base64.b64encode(hashlib.sha256(e["text"].encode()).digest()).decode() + "'" for e in inline}
        if not inline or hashes != set(rules.get(rule, [])):
            print(rule, "is not the hashes of what is there:", rules.get(rule), hashes)
    for element in page.elements:
        for name, value in element["attrs"].items():
            if name in ("src", "href", "action", "srcset", "style", "background") and not (name == "href" and value.startswith("#")):
                print("asks for something or is styled in place:", element["tag"], name, value)
            if name.startswith("on"):
                print("a script in an attribute:", element["tag"], name)
        if element["tag"] in ("link", "iframe", "img", "object", "embed", "base", "form"):
            print("has no place here:", element["tag"])
    if any("@import" in e["text"] or "url(" in e["text"] for e in page.all("style")):
        print("the style asks for something")


def structure(page):
    ids = [e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]]
    if len(ids) != len(set(ids)):
        print("an id stands twice")
    if page.all("html")[0]["attrs"].get("lang") != "en" or not page.all("title")[0]["text"] or len(page.all("h1")) != 1:
        print("language, title or heading is missing")
    for link in page.all("a"):
        if link["attrs"]["href"][1:] not in ids:
            print("leads nowhere:", link["attrs"]["href"])
    for section in page.all("section"):
        if section["attrs"].get("aria-labelledby") not in ids:
            print("a section without its heading:", section["attrs"])
    for cell in page.all("th"):
        if cell["attrs"].get("scope") not in ("row", "col"):
            print("a heading of nothing:", cell["text"])
    if len(page.all("caption")) != len(page.all("table")):
        print("a table without caption")
    for table in page.all("table"):
        if table["regions"][-1] != "region":
            print("a table that the keyboard cannot scroll")
    for region in page.elements:
        if region["attrs"].get("role") == "region" and (region["attrs"].get("tabindex") != "0" or not region["attrs"].get("aria-label")):
            print("a region without name or focus")
    figures = page.all("figure")
    if len(page.all("canvas")) != len(figures) or len(page.all("figcaption")) != len(figures):
        print("a figure without chart or caption")
    captions = {e["text"] for e in page.all("caption")}
    for canvas in page.all("canvas"):
        if canvas["attrs"].get("role") != "img" or canvas["attrs"].get("aria-label") not in captions:
            print("a chart without a table of its name:", canvas["attrs"])


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        page = Page(file.read())
    if page.open:
        raise ValueError(f"not closed: {[e['tag'] for e in page.open]}")
    if sys.argv[2] == "tables":
        for row in page.tables:
            print("|".join(row))
    elif sys.argv[2] == "data":
        data(page, sys.argv[3])
    else:
        {"policy": policy, "structure": structure}[sys.argv[2]](page)


main()
