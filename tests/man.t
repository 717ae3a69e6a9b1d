#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manual pages tell the truth: they are held against the program's own tables, and their examples are run.

In a page `.\\" run: sql` (or sh, conf) stands before an example that is run, in order, in one folder for each page; `.\\" prints` before
what it must print.
"""
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PAGES = {"regjob.1": "jobs", "regjob.conf.5": "jobs", "reg.7": "ext"}
EXAMPLE = re.compile(r'^\.\\" run: (?P<kind>\w+)\n\.Bd.*?\n(?P<code>.*?)^\.Ed\n(?:\.\\" prints\n\.Bd.*?\n(?P<output>.*?)^\.Ed\n)?', re.S | re.M)
STATES = {
    "attempts": "pending success failure", "codes": "pending sent verified expired exhausted superseded undeliverable cancelled",
    "reports": "queued retrying acknowledged deferred dead erased", "tries": "accepted deferred refused not_accepted ambiguous",
    "imports": "running stopped finished", "rejects": "quoting field_count encoding nul too_long header_again syntax not_an_object member",
}

number = failures = 0


number = failures = 0


def configuration_folder():
    """The program looks for its configuration where every document says that it lies."""
    found = set()
    for name in ["README.md", "jobs", "ext", "samples", os.path.join(BUILD, "regjob")]:
        top = os.path.join(ROOT, name)
        files = [top] if os.path.isfile(top) else [os.path.join(folder, file) for folder, _, files in os.walk(top) for file in files]
        for path in files:
            with open(path, "rb") as file:
                found.update(re.findall(rb"/etc/[\w-]+/regjob\.conf", file.read()))
    check(found == {b"/etc/regjob/regjob.conf"}, "one place for the configuration, in documents, samples and program", sorted(found))


def check(right, name, *explanations):
    global number, failures
    number += 1
    failures += not right
    print(f"{'ok' if right else 'not ok'} {number} - {name}", flush=True)
    if not right:
        for text in explanations:
            print("# " + str(text).replace("\n", "\n# "))


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, **more)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Page:
    def __init__(self, name):
        self.name = name
        self.path = os.path.join(ROOT, PAGES[name], name)
        self.source = read(self.path)
        shown = run(["mandoc", "-T", "utf8", "-O", "width=400", self.path]).stdout
        self.text = re.sub(r".\x08", "", shown)
        self.words = " ".join(self.text.split())

    def section(self, heading):
        """The lines of a section; headings begin at the left edge."""
        found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^\S|\Z)", self.text, re.S | re.M)
        return found.group(1) if found else ""

    def terms(self, heading, indent=5):
        """A list's terms with what is said of them; a term alone shares the next one's text."""
        terms, open_terms = {}, []
        for line in self.section(heading).split("\n"):
            if re.match(rf" {{{indent}}}\S", line):
                term, _, rest = line.strip().partition("  ")
                open_terms = (open_terms if open_terms and all(not terms[t] for t in open_terms) else []) + [term]
                for name in open_terms:
                    terms[name] = rest.strip()
            elif line.strip() and open_terms:
                for name in open_terms:
                    terms[name] = (terms[name] + " " + " ".join(line.split())).strip()
        return terms


def is_well_made(page):
    lint = run(["mandoc", "-T", "lint", "-W", "warning", page.path])
    check(lint.returncode == 0 and not lint.stdout, f"{page.name}: mandoc has nothing to warn of", lint.stdout)
    groff = run(["man", "--warnings=w", "-l", page.path], env={**os.environ, "MANPAGER": "cat", "MANROFFSEQ": "", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}) \
        if run(["sh", "-c", "command -v man && command -v groff"]).returncode == 0 else None
    check(groff is None or (groff.returncode == 0 and not groff.stderr), f"{page.name}: nor has man, where it is installed", groff and groff.stderr)
    needed = {"NAME", "SYNOPSIS", "DESCRIPTION", "FILES", "EXAMPLES", "SECURITY"}
    if page.name != "regjob.conf.5":
        needed |= {"ENVIRONMENT", "EXIT STATUS"}
    missing = {heading for heading in needed if not page.section(heading).strip()}
    check(not missing, f"{page.name}: no section is missing", missing)
    names = set(re.findall(r"\breg_[a-z]+(?:_[a-z]+)*\b", page.text)) - known_names() - {"reg_init"}
    check(not names, f"{page.name}: every function and table it names exists", names)


def database():
    made = sqlite3.connect(":memory:")
    made.enable_load_extension(True)
    made.load_extension(os.path.join(BUILD, "reg"))
    return made


def known_names():
    return {row[0] for row in database().execute("SELECT name FROM reg_functions")} | {"sqlite3_reg_init", "sqlite3_regread_init", "reg_take"}


def literal(text):
    return re.sub(r"^\\&", "", text, flags=re.M).replace(r"\(aq", "'").replace(r"\(dq", '"').replace(r"\e", "\\").replace(r"\-", "-")


def examples(page, least):
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.join(BUILD, "reg.so"), os.path.join(folder, "reg.so"))
        env = {**os.environ, "PATH": BUILD + ":" + os.environ["PATH"], "FRAUD_TOKEN": "token"}
        for example in EXAMPLE.finditer(page.source):
            ran += 1
            code = literal(example["code"])
            if example["kind"] == "sql":
                code = code.replace(".load /usr/local/lib/sqlite-reg/reg\n", f".load {folder}/reg\n")
                code = code if ".load" in code else f".load {folder}/reg\n" + code
                done = run(["sqlite3", "-batch", "-bail", "-init", "/dev/null", "ledger.db"], input=code, cwd=folder, env=env)
            elif example["kind"] == "conf":
                with open(os.path.join(folder, "mail.password"), "w", encoding="utf-8") as file:
                    os.fchmod(file.fileno(), 0o600)
                    file.write("secret\n")
                with open(os.path.join(folder, "regjob.conf"), "w", encoding="utf-8") as file:
                    file.write(code)
                done = run(["sh", "-euc", "regjob -l ledger.db init && regjob -c regjob.conf -l ledger.db --metrics m.prom status >/dev/null"],
                           cwd=folder, env=env)
            else:
                done = run(["sh", "-eu"], input=code, cwd=folder, env=env)
            title = code.strip().split("\n")[0]
            check(done.returncode == 0 and not done.stderr, f"{page.name}: runs: {title}", done.returncode, done.stdout, done.stderr)
            if example["output"] is not None:
                check(done.stdout == literal(example["output"]), f"{page.name}: prints what it says: {title}", done.stdout, literal(example["output"]))
    check(ran >= least, f"{page.name}: has examples that are run", ran)


def commands(page):
    rows_c = read("jobs", "config", "options_rows.c")
    table = rows_c[rows_c.index("command_rows[] = {"):]
    table = table[:table.index("};")]
    rows = re.findall(r'\{\s*"([a-z]+)",\s*"([^"]*)",\s*\d+,\s*(?:\d+|INT_MAX),\s*(.*?)\}\},', table, re.S)
    described = page.terms("COMMANDS")
    check(len(rows) >= 11, "the table of commands is read", rows)
    for name, _, taken in rows:
        heads = [head for head in described if head.split()[0] == name]
        check(len(heads) == 1 and described[heads[0]], f"regjob.1: command {name} is described", list(described))
        head = heads[0] if heads else ""
        for option, choices in re.findall(r'\{\s*"([a-z-]+)",\s*(?:NULL|"([^"]*)")', taken + "}"):
            spelled = f"--{option}" + (" " + choices.replace("|", " | ") if choices else "")
            if option == "output":
                check("-o file" in page.section("SYNOPSIS") and "--output file" in head, f"regjob.1: {name} --output is described", head)
                continue
            check(spelled in head and spelled in page.section("SYNOPSIS") and f"--{option}" in described.get(head, ""),
                  f"regjob.1: {name} --{option} is described", head, described.get(head))
    general = page.section("DESCRIPTION")
    for name, letter in re.findall(r'\{"([a-z-]+)", \'(.*?)\', OPTION_\w+, .*, true\}', rows_c):
        spelled = f"-{letter}, --{name}" if len(letter) == 1 else f"--{name}"
        check(re.search(rf"^ {{5}}{re.escape(spelled)}\b", general, re.M) is not None, f"regjob.1: option --{name} is described")
    codes = re.findall(r"EXIT_\w+ = (\d+)", read("jobs", "config", "exit_code.h"))
    said = [term for term in page.terms("EXIT STATUS") if term.isdigit()]
    check(len(codes) >= 7 and said == codes, "regjob.1: every exit code is described", said, codes)
    unknown = {name for name in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", page.text)} - set(re.findall(r'\{"([a-z-]+)", \'', rows_c))
    check(not unknown, "regjob.1: every option it names exists", unknown)


def keys(page):
    rows = [line.split("\t") for line in run([os.path.join(BUILD, "tools", "config_keys")]).stdout.rstrip("\n").split("\n")]
    check(len(rows) > 60, "the table of configuration keys is read", len(rows))
    described = {}
    section = None
    for line in page.section("DESCRIPTION").split("\n"):
        heading = re.fullmatch(r" {3}\[(\w+)\]", line)
        if heading:
            section = heading.group(1)
            described[section] = []
        elif section and line.strip():
            described[section].append(line)
    for section, name, allowed, initial in rows:
        text = "\n".join(described.get(section, []))
        found = re.search(rf"^ {{5}}{name}(?=\s|$)(.*?)(?=^ {{5}}\S|\Z)", text, re.S | re.M)
        said = " ".join(found.group(1).split()) if found else ""
        default = "" if allowed.startswith("not here") else f" Default: ‘{initial}’." if initial else " Default: empty."
        check(f"Value: {allowed}.{default}" in said and not said.startswith("Value:"), f"regjob.conf.5: [{section}] {name}, with range and default", said)
        text = text.replace(found.group(0), "") if found else text
    names = [line.split()[0] for lines in described.values() for line in lines if re.match(r" {5}[a-z]", line)]
    check(sorted(names) == sorted(row[1] for row in rows), "regjob.conf.5: every key it describes exists",
          set(names) ^ {row[1] for row in rows})


def forms(signature):
    """reg_policy(password [, profile]) as reg_policy(password) and reg_policy(password, profile), and so on."""
    found = re.fullmatch(r"(\w+\([^\[]+?)((?: \[, \w+)+)\]+\)", signature)
    if not found:
        return [signature]
    made = [found.group(1)]
    for name in re.findall(r"\w+", found.group(2)):
        made.append(f"{made[-1]}, {name}")
    return [form + ")" for form in made]


def functions(page, made):
    described = {**page.terms("FUNCTIONS"), **page.terms("TABLES")}
    known = set()
    for signature, source in made.execute("SELECT signature, source FROM reg_functions"):
        for form in forms(signature):
            known.add(form)
            said = described.get(form, "")
            check(all(part in said for part in ("Result:", "Errors:", "Source:")) and not said.startswith("Result:") and source in said,
                  f"reg.7: {form}, with result, errors and source", said, source)
    gone = {head for head in described if head.startswith("reg_") and " " not in head.split("(")[0]} - known
    check(not gone, "reg.7: every form it describes exists", gone)
    files = {"file", "columns"}  # arguments of tables that read files
    incoming = set(page.terms("SIGN-UP COLUMNS")) | {"as_of", "password", "profile"} | files
    for name, in made.execute("SELECT DISTINCT name FROM reg_functions WHERE name IN (SELECT name FROM pragma_module_list)"):
        said = " ".join(text for head, text in described.items() if head.split("(")[0] == name)
        columns = {row[1] for row in made.execute(f"PRAGMA table_xinfo({name})")}
        missing = {column for column in columns if not re.search(rf"\b{column}\b", said) and column not in incoming
                   and not (column.endswith("_ms") and column[:-3] in columns)}
        check(len(columns) > 1 and not missing, f"reg.7: every column of {name} is named", missing)


def names(page, made):
    columns = [row[0] for row in made.execute("SELECT name FROM reg_columns")]
    described = page.terms("SIGN-UP COLUMNS")
    check(len(columns) > 40 and [name for name in described if name in columns] == columns, "reg.7: every sign-up column is described, in order",
          set(columns) ^ set(described))
    wrong = [(name, described.get(name)) for name, said, source in made.execute("SELECT name, help, source FROM reg_columns")
             if described.get(name) != f"{said} Source: {source}.".replace("`", "")]
    check(not wrong, "reg.7: each by the program's own words, with its source", wrong)
    aliases = " ".join(row[0] for row in made.execute("SELECT other_names FROM reg_columns WHERE other_names <> ''")).replace(",", " ").split()
    said = page.section("SIGN-UP COLUMNS").lower()
    missing = [alias for alias in aliases if not re.search(rf"\b{alias.lower()}\b", said)]
    check(len(aliases) > 10 and not missing, "reg.7: every other name of a column is given", missing)
    causes = dict(re.findall(r'X\((\w+),\s*"([^"]*)"\)', read("ext", "fraud", "outcome_counts.h")))
    check(len(causes) > 10 and page.terms("CAUSES").items() >= causes.items(), "reg.7: every cause of a difference is described", causes)
    described = page.terms("REASONS")
    reasons = dict(made.execute("SELECT reason, sentence FROM reg_reasons"))
    fields = {f"{name}_{what}" for name in columns for what in ("missing", "invalid") if name not in ("password", "password_hash")}
    missing = {reason: sentence for reason, sentence in reasons.items() if reason not in fields and described.get(reason) != sentence}
    check(len(reasons) > 100 and not missing and "column_missing" in described and "column_invalid" in described,
          "reg.7: every reason is described, by its own sentence", missing)
    check([name for name in described if name in reasons] == [name for name in reasons if name in described], "reg.7: the reasons stand in their order")
    rules = dict(made.execute("SELECT rule, sentence FROM reg_rules"))
    described = page.terms("RULES")
    missing = {rule: sentence for rule, sentence in rules.items() if described.get(rule) != sentence}
    check(len(rules) > 10 and not missing and [name for name in described if name in rules] == list(rules),
          "reg.7: every rule of the notes is described, in order, by its own sentence", missing)
    described = page.terms("PASSWORD HASHES")
    wrong = []
    for form, prefixes, library, strength, cost, source in made.execute("SELECT format, prefixes, library, strength, cost, source FROM reg_hash_formats"):
        begins = f"Begins with: {prefixes} " if prefixes else ""
        if described.get(form) != f"{begins}Strength: {strength}. Cost: {cost}. Library: {library}. Source: {source}.":
            wrong.append((form, described.get(form)))
    formats = [row[0] for row in made.execute("SELECT format FROM reg_hash_formats")]
    check(len(formats) > 20 and not wrong and [name for name in described if name in formats] == formats, "reg.7: every format of password hash is described, by its own words", wrong)
    described = page.terms("STATES")
    for kind, states in STATES.items():
        said = set(re.findall(r"[a-z_]+", described.get(kind, "")))
        check(set(states.split()) <= said, f"reg.7: every state of {kind} is named", described.get(kind))
    described = page.terms("SETTINGS")
    made.execute("SELECT reg_init()").fetchall()
    settings = json.loads(made.execute("SELECT reg_settings()").fetchone()[0])
    wrong = {name for name, value in settings.items()
             if f"Default: {json.dumps(value, separators=(',', ':'))}" != described.get(name, "")[-len(f"Default: {json.dumps(value, separators=(',', ':'))}"):]}
    check(len(settings) >= 34 and not wrong and {name for name in described if " " not in name} == set(settings), "reg.7: every setting is described, with its default",
          wrong, set(described) ^ set(settings))
    rules = re.findall(r"^    POLICY_([A-Z_]+),$", read("ext", "passwords", "policy.h"), re.M)
    rules = [rule.lower() for rule in rules]
    check(len(rules) == 11 and ", ".join(rules) in " ".join(page.section("PASSWORD POLICIES").split()), "reg.7: every rule of a policy is named, in order", rules)
    members = re.search(r'"a password policy has no member(.*?)",\s', read("ext", "passwords", "policy.c"), re.S).group(1)
    members = [name for name in re.findall(r"\b[a-z]+(?:[A-Z][a-z]+)*\b", members) if name not in ("it", "may", "have", "and", "a", "s")]
    said = page.section("PASSWORD POLICIES")
    check(len(members) == 13 and all(re.search(rf"\b{name}\b", said) for name in members), "reg.7: every member of a policy is named", members)





def installed():
    with tempfile.TemporaryDirectory() as folder:
        done = run(["make", "-s", "install", f"DESTDIR={folder}", "PREFIX=/usr"], cwd=ROOT)
        pages = {name: os.path.join(folder, "usr/share/man", f"man{name[-1]}", name) for name in PAGES}
        missing = [path for path in pages.values() if not os.path.exists(path)]
        check(done.returncode == 0 and not missing, "make install brings the pages", done.stdout, done.stderr, missing)
        done = run(["make", "-s", "uninstall", f"DESTDIR={folder}", "PREFIX=/usr"], cwd=ROOT)
        left = [name for _, _, files in os.walk(folder) for name in files]
        check(done.returncode == 0 and not left, "make uninstall takes away what install brought", done.stderr, left)


def main():
    pages = {name: Page(name) for name in PAGES}
    made = database()
    for page in pages.values():
        is_well_made(page)
    commands(pages["regjob.1"])
    keys(pages["regjob.conf.5"])
    configuration_folder()
    functions(pages["reg.7"], made)
    names(pages["reg.7"], made)
    examples(pages["regjob.1"], 4)
    examples(pages["regjob.conf.5"], 1)
    examples(pages["reg.7"], 4)
    installed()
    print(f"1..{number}")
    return failures > 0


sys.exit(main())
