#!/bin/sh
# SPDX-License-Identifier: MIT
# Turns files into C: `sh jobs/page/embed.sh NAME=FILE...` gives a struct page_part page_part_NAME for each (jobs/page/page_part.h).
set -eu
echo '/* Made by jobs/page/embed.sh; edit the files instead. */'
echo '#include "page/page_part.h"'
for part in "$@"; do
    name=${part%%=*} file=${part#*=}
    # In a script or style element of the page these would end it, or turn what follows into a comment.
    if grep -qi '</script\|</style\|<!--' "$file"; then
        echo "embed.sh: $file: cannot stand in an HTML page as it is" >&2
        exit 1
    fi
    printf '\nstatic const unsigned char %s[] = {\n' "$name"
    od -An -v -tu1 "$file" | sed 's/  */,/g; s/^,//; s/$/,/'
    printf '};\nconst struct page_part page_part_%s = {%s, sizeof %s};\n' "$name" "$name" "$name"
done
