# SPDX-License-Identifier: MIT
# Turns the SQL files of this folder into C: `awk -f sql/embed.awk -v part=header|source FILE...`. part=schema prints the SQL that creates an empty ledger.
#
# upgrades/N.sql becomes statement_upgrades[N-1]: the script that brings a ledger from version N-1 to N.
# statement_objects[] names every table and view that these scripts and the rules create.
#
# rules/NAME.sql is a rule: named steps, each an SQL statement with :name parameters that runs unchanged in any SQLite shell. This list becomes
#   - the view NAME, with a column for each parameter, and its INSTEAD OF trigger, in which :x is NEW.x (all rules together: STATEMENT_rules);
#   - STATEMENT_NAME, which runs the whole rule: INSERT INTO NAME (x, ...) VALUES (:x, ...);
#   - STATEMENT_NAME_STEP for each step, and the array rule_NAME of them in order, for a caller that owns the transaction and runs them one by one.
#     Such a caller rolls everything back after an error, so a step need not be able to undo itself: a plain INSERT into a table becomes INSERT OR FAIL.
#
# The line of the licence at a file's head is left out. checks/NAME.sql is one query, whose first line after it is the law that it checks, in a comment: STATEMENT_check_NAME. statement_checks[] lists them with their laws.
#
# A statement `view_NAME` creates a plain view (sql/plain_views.sql): one that the database may have another thing in place of. statement_plain_views[] lists them;
# they are not among statement_objects[].
#
# In any other file, each `-- name: NOUN` heading starts a statement that ends at the next heading; it becomes STATEMENT_NOUN in the enumeration and
# statement_text[STATEMENT_NOUN].
function quoted(s) {
    sub(/[ \n]+$/, "", s)
    gsub(/\\/, "&&", s); gsub(/"/, "\\\"", s); gsub(/\n/, "\\n\"\n    \"", s)
    return s
}
function add(name, s) { names[++count] = name; texts[count] = quoted(s) }
function problem(s) { print "embed.awk: " FILENAME ": " s > "/dev/stderr"; failed = 1; exit 1 }

# A line with every :x outside strings and comments written as `before x after`; each x is noted as a column of the rule.
function parameters(line, before,    result, rest, first) {
    result = ""; rest = line
    while (match(rest, /'|--|:[a-z_]+/)) {
        first = substr(rest, RSTART, 1)
        result = result substr(rest, 1, RSTART - 1)
        if (first == "-") { return result substr(rest, RSTART) }
        if (first == "'") {
            rest = substr(rest, RSTART)
            if (!match(rest, /^'[^']*'/)) problem("a string goes over the end of its line: " line)
            result = result substr(rest, 1, RLENGTH)
        } else {
            word = substr(rest, RSTART + 1, RLENGTH - 1)
            if (!((rule, word) in known)) { known[rule, word] = 1; columns[rule] = columns[rule] (columns[rule] == "" ? "" : " ") word }
            result = result before word
        }
        rest = substr(rest, RSTART + RLENGTH)
    }
    return result rest
}
function end_step() {
    if (step == "") return
    if (step_text !~ /;[ \n]*$/) problem("step " step " does not end with a semicolon")
    steps[rule, ++step_count[rule]] = step; step_texts[rule, step_count[rule]] = step_text
    trigger[rule] = trigger[rule] trigger_text
    step = ""; step_text = ""; trigger_text = ""
}
function flush() {
    end_step()
    if (name != "" && upgrade) { upgrades[++upgrade_count] = quoted(text); schema = schema text }
    else if (name != "") add(name, text)
    if (name == "views") views = text
    if (name ~ /^check_/) { checks[++check_count] = name; laws[check_count] = quoted(law) }
    if (name ~ /^view_/) { plain_views[++plain_count] = name; views = views text ";\n" }
    name = ""; text = ""; rule = ""
}
FNR == 1 {
    flush()
    upgrade = (FILENAME ~ /upgrades\//)
    if (upgrade) {
        number = FILENAME; sub(/.*\//, "", number); sub(/\.sql$/, "", number)
        name = "upgrade"
        if (number + 0 != upgrade_count + 1) problem("upgrades must be given in order, from 1")
    }
    lawless = (FILENAME ~ /checks\//)
}
/^-- SPDX-License-Identifier: / { next }
lawless {
    lawless = 0
    name = FILENAME; sub(/.*\//, "", name); sub(/\.sql$/, "", name); name = "check_" name
    law = $0
    if (!sub(/^-- /, "", law)) problem("the first line is no comment that says the law")
}
/^-- rule: / { rule = $3; rules[++rule_count] = rule; is_rule[rule] = 1; objects[++object_count] = rule; next }
rule != "" && /^-- step: / { end_step(); step = $3; next }
rule != "" && step != "" { step_text = step_text $0 "\n"; trigger_text = trigger_text "    " parameters($0, "NEW.") "\n"; next }
rule != "" { next }
/^-- name: / && !upgrade { flush(); name = $3; next }
name != "" { text = text $0 "\n" }
/^ALTER TABLE [a-z_]+ RENAME TO / { object = $6; sub(/;$/, "", object); objects[++object_count] = object }
name !~ /^view_/ && /^CREATE (TABLE|VIEW) / { object = $3; sub(/^main\./, "", object); objects[++object_count] = object }
END {
    if (failed) exit 1
    flush()
    for (i = 1; i <= rule_count; i++) {
        rule = rules[i]
        n = split(columns[rule], list, " "); nulls = ""; bound = ""; plain = ""
        for (j = 1; j <= n; j++) {
            nulls = nulls (j > 1 ? ", " : "") "NULL AS " list[j]
            bound = bound (j > 1 ? ", " : "") ":" list[j]
            plain = plain (j > 1 ? ", " : "") list[j]
        }
        script = script "DROP VIEW IF EXISTS " rule ";\nCREATE VIEW " rule " AS SELECT " nulls " WHERE 0;\n" \
            "CREATE TRIGGER " rule "_insert INSTEAD OF INSERT ON " rule "\nBEGIN\n" trigger[rule] "END;\n"
        add(rule, "INSERT INTO " rule " (" plain ")\nVALUES (" bound ")")
        for (j = 1; j <= step_count[rule]; j++) {
            s = step_texts[rule, j]; sub(/;[ \n]*$/, "", s)
            if (match(s, /INSERT INTO [a-z_]+/)) {
                target = substr(s, RSTART + 12, RLENGTH - 12)
                if (!(target in is_rule)) sub(/INSERT INTO /, "INSERT OR FAIL INTO ", s)
            }
            add(rule "_" steps[rule, j], s)
        }
    }
    add("rules", script)
    if (part == "schema") { print schema script views; exit }
    print "/* Made from sql/ by sql/embed.awk; edit the .sql files instead. */"
    if (part == "header") {
        print "#ifndef STATEMENTS_H\n#define STATEMENTS_H\n\nenum statement {"
        for (i = 1; i <= count; i++) print "    STATEMENT_" names[i] ","
        print "    STATEMENT_COUNT\n};\n"
        print "enum { STATEMENT_UPGRADES = " upgrade_count " };\n"
        print "extern const char *const statement_name[STATEMENT_COUNT];"
        print "extern const char *const statement_text[STATEMENT_COUNT];"
        print "enum { STATEMENT_OBJECTS = " object_count " };\n"
        print "extern const char *const statement_upgrades[STATEMENT_UPGRADES];"
        print "extern const char *const statement_objects[STATEMENT_OBJECTS];\n"
        print "/* The statements that create the plain views: each is called view_NAME. */\nenum { STATEMENT_PLAIN_VIEWS = " plain_count + 0 " };"
        if (plain_count > 0) print "extern const enum statement statement_plain_views[STATEMENT_PLAIN_VIEWS];\n"
        print "/* The checks of the data: each statement is called check_NAME. */\nstruct statement_check {\n    enum statement query;\n    const char *law;\n};\n"
        print "enum { STATEMENT_CHECKS = " check_count + 0 " };"
        if (check_count > 0) print "extern const struct statement_check statement_checks[STATEMENT_CHECKS];\n"
        for (i = 1; i <= rule_count; i++)
            print "/* The steps of the rule " rules[i] ", in their order. */\n" \
                "enum { RULE_STEPS_" rules[i] " = " step_count[rules[i]] " };\nextern const enum statement rule_" rules[i] "[RULE_STEPS_" rules[i] "];"
        print "\n#endif"
    } else {
        print "#include \"statements.h\"\n\nconst char *const statement_name[STATEMENT_COUNT] = {"
        for (i = 1; i <= count; i++) print "    \"" names[i] "\","
        print "};\n\nconst char *const statement_text[STATEMENT_COUNT] = {"
        for (i = 1; i <= count; i++) print "    \"" texts[i] "\","
        print "};\n\nconst char *const statement_upgrades[STATEMENT_UPGRADES] = {"
        for (i = 1; i <= upgrade_count; i++) print "    \"" upgrades[i] "\","
        print "};\n\nconst char *const statement_objects[STATEMENT_OBJECTS] = {"
        for (i = 1; i <= object_count; i++) print "    \"" objects[i] "\","
        print "};\n"
        if (plain_count > 0) {
            print "const enum statement statement_plain_views[STATEMENT_PLAIN_VIEWS] = {"
            for (i = 1; i <= plain_count; i++) print "    STATEMENT_" plain_views[i] ","
            print "};\n"
        }
        if (check_count > 0) {
            print "const struct statement_check statement_checks[STATEMENT_CHECKS] = {"
            for (i = 1; i <= check_count; i++) print "    {STATEMENT_" checks[i] ", \"" laws[i] "\"},"
            print "};\n"
        }
        for (i = 1; i <= rule_count; i++) {
            print "const enum statement rule_" rules[i] "[RULE_STEPS_" rules[i] "] = {"
            for (j = 1; j <= step_count[rules[i]]; j++) print "    STATEMENT_" rules[i] "_" steps[rules[i], j] ","
            print "};"
        }
    }
}
