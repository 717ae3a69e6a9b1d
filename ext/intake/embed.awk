# SPDX-License-Identifier: MIT
# Turns profiles into C: `awk -f ext/intake/embed.awk FILE...` writes the array profile_builtins (see ext/intake/profile_builtin.h).
BEGIN { print "/* Made from samples/profiles by ext/intake/embed.awk; edit those instead. */\n#include \"intake/profile_builtin.h\"\n\nconst struct profile_builtin profile_builtins[] = {" }
FNR == 1 {
    if (NR > 1) print "    },"
    name = FILENAME; sub(/.*\//, "", name); sub(/\.ini$/, "", name)
    print "    {\"" name "\","
}
{
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    print "     \"" $0 "\\n\""
}
END { print "    },\n    {0, 0},\n};" }
