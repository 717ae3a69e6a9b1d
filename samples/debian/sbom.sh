#!/bin/sh
# SPDX-License-Identifier: MIT
# A software bill of materials (SPDX 2.3, JSON) of programs that are built on Debian: every package that they load a library from, directly or
# not, and Chart.js, which the page has in it. From what is installed on this machine; the same there gives the same bytes.
#   sh samples/debian/sbom.sh VERSION PROGRAM...
set -eu
export LC_ALL=C
version=$1
shift
made=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)

# A library's path may be the one before /lib became a link; dpkg knows either.
packages() {
    for program in "$@"; do ldd "$program"; done | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | while read -r file; do
        real=$(realpath "$file")
        for path in "$real" "${real#/usr}" "$file"; do
            if owner=$(dpkg-query -S "$path" 2>/dev/null); then
                echo "${owner%%: *}"
                break
            fi
        done
    done
    echo libjs-chart.js
}
packages "$@" | sort -u | xargs dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n' | sort -u |
    awk -F '\t' -v version="$version" -v made="$made" '
    function text(value) { gsub(/\\/, "\\\\", value); gsub(/"/, "\\\"", value); return "\"" value "\"" }
    function identifier(name) { gsub(/[^A-Za-z0-9.-]/, "-", name); return "SPDXRef-" name }
    { name[NR] = $1; row[NR] = $0 }
    END {
        print "{"
        print "  \"spdxVersion\": \"SPDX-2.3\", \"dataLicense\": \"CC0-1.0\", \"SPDXID\": \"SPDXRef-DOCUMENT\","
        print "  \"name\": " text("sqlite-reg-" version) ", \"documentNamespace\": " text("https://example.org/sqlite-reg/" version "/" made) ","
        print "  \"creationInfo\": {\"created\": " text(made) ", \"creators\": [\"Tool: sqlite-reg samples/debian/sbom.sh\"]},"
        print "  \"packages\": ["
        print "    {\"name\": \"sqlite-reg\", \"SPDXID\": \"SPDXRef-sqlite-reg\", \"versionInfo\": " text(version) \
            ", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"licenseConcluded\": \"MIT\", \"licenseDeclared\": \"MIT\", \"copyrightText\": \"2026 the sqlite-reg authors\"},"
        for (i = 1; i <= NR; i++) {
            split(row[i], field, "\t")
            print "    {\"name\": " text(field[1]) ", \"SPDXID\": " text(identifier(field[1])) ", \"versionInfo\": " text(field[2]) \
                ", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"sourceInfo\": " text("built from Debian source package " field[4] " " field[5]) \
                ", \"supplier\": \"Organization: Debian\", \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": " \
                text("pkg:deb/debian/" field[1] "@" field[2] "?arch=" field[3]) "}]}" (i < NR ? "," : "")
        }
        print "  ],"
        print "  \"relationships\": ["
        print "    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-sqlite-reg\"},"
        for (i = 1; i <= NR; i++)
            print "    {\"spdxElementId\": \"SPDXRef-sqlite-reg\", \"relationshipType\": \"" (name[i] == "libjs-chart.js" ? "CONTAINS" : "DYNAMIC_LINK") \
                "\", \"relatedSpdxElement\": " text(identifier(name[i])) "}" (i < NR ? "," : "")
        print "  ]"
        print "}"
    }'
