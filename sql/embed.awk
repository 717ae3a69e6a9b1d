# Turns the SQL files of this folder into C: `awk -f sql/embed.awk -v part=header|source FILE...`.
#
# upgrades/N.sql becomes statement_upgrades[N-1]: the script that brings a ledger from version N-1 to N.
# Every table and view that they make is named in statement_objects[].
# In any other file, each `-- name: NOUN` heading starts a statement that ends at the next heading;
# it becomes STATEMENT_NOUN in the enumeration and statement_text[STATEMENT_NOUN].
# Within it, a `-- part: NOUN` heading makes what follows, up to its semicolon, a statement of its own as well, with the parameter :x for NEW.x:
# so a caller that owns the transaction may run the statements of a trigger one by one. A line that ends with `-- whole only` is left out of it: the
# caller knows what it asks. Such a caller rolls all of it back after an error, so that a part need not keep what it changed to undo itself alone: it is
# made `INSERT OR FAIL`, save with `as it is` behind its name (an insert into a view would hand that on to the rule behind it). What stands in a comment
# behind `-- part only:` belongs to it alone.
function take_part() {
    if (part_fails) sub(/INSERT INTO/, "INSERT OR FAIL INTO", part_text)
    sub(/;[ \n]*$/, "", part_text); gsub(/NEW\./, ":", part_text)
    gsub(/\\/, "\\\\", part_text); gsub(/"/, "\\\"", part_text); gsub(/\n/, "\\n\"\n    \"", part_text)
    parts[++part_count] = part_name; part_texts[part_count] = part_text
    part_name = ""; part_text = ""
}
function flush() {
    if (name == "") return
    sub(/[ \n]+$/, "", text)
    gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); gsub(/\n/, "\\n\"\n    \"", text)
    if (upgrade) upgrades[++upgrade_count] = text
    else { names[++count] = name; texts[count] = text }
    name = ""; text = ""
}
FNR == 1 {
    flush()
    upgrade = (FILENAME ~ /upgrades\//)
    if (upgrade) {
        number = FILENAME; sub(/.*\//, "", number); sub(/\.sql$/, "", number)
        name = "upgrade"
        if (number + 0 != upgrade_count + 1) {
            print "embed.awk: " FILENAME ": upgrades must be given in order, from 1" > "/dev/stderr"; failed = 1; exit 1
        }
    }
}
/^-- name: / && !upgrade { flush(); name = $3; next }
/^ *-- part: / && !upgrade { part_name = $3; part_fails = ($0 !~ / as it is$/); next }
part_name != "" && /-- whole only$/ { text = text $0 "\n"; next }
part_name != "" && /^ *-- part only: / { text = text $0 "\n"; sub(/-- part only: /, ""); part_text = part_text $0 "\n"; next }
part_name != "" { part_text = part_text $0 "\n"; if ($0 ~ /; *$/) take_part() }
name != "" { text = text $0 "\n" }
/^CREATE (TABLE|VIEW) / { objects[++object_count] = $3 }
END {
    if (failed) exit 1
    flush()
    if (part_name != "") { print "embed.awk: part " part_name " has no end" > "/dev/stderr"; exit 1 }
    for (i = 1; i <= part_count; i++) { names[++count] = parts[i]; texts[count] = part_texts[i] }
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
        print "extern const char *const statement_objects[STATEMENT_OBJECTS];\n\n#endif"
    } else {
        print "#include \"statements.h\"\n\nconst char *const statement_name[STATEMENT_COUNT] = {"
        for (i = 1; i <= count; i++) print "    \"" names[i] "\","
        print "};\n\nconst char *const statement_text[STATEMENT_COUNT] = {"
        for (i = 1; i <= count; i++) print "    \"" texts[i] "\","
        print "};\n\nconst char *const statement_upgrades[STATEMENT_UPGRADES] = {"
        for (i = 1; i <= upgrade_count; i++) print "    \"" upgrades[i] "\","
        print "};\n\nconst char *const statement_objects[STATEMENT_OBJECTS] = {"
        for (i = 1; i <= object_count; i++) print "    \"" objects[i] "\","
        print "};"
    }
}
