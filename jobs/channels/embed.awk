# SPDX-License-Identifier: MIT
# Turns text files into C: `awk -f jobs/channels/embed.awk FILE...` writes the array builtin_files (see jobs/channels/builtin.h).
FNR == 1 {
    if (NR > 1) print "    },"
    name = FILENAME; sub(/.*\//, "", name)
    if (NR == 1) print "/* Made from text files by jobs/channels/embed.awk; edit those instead. */\n#include \"channels/builtin.h\"\n\nconst struct builtin_file builtin_files[] = {"
    print "    {\"" name "\","
}
{
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    print "     \"" $0 "\\n\""
}
END { print "    },\n    {0, 0},\n};" }
