/* SPDX-License-Identifier: MIT */
/* reconcile_text.c: a reconciliation in words and JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "fraud/reconcile.h"

const char *reconcile_verdict_name(enum reconcile_verdict verdict)
{
    static const char *const names[] = {"match", "explained", "unexplained"};
    return names[verdict];
}

void reconcile_offset_text(const struct reconcile *reconcile, char text[16])
{
    int minutes = abs(reconcile->minutes);
    if (reconcile->shifted)
        snprintf(text, 16, "%c%02d:%02d", reconcile->minutes < 0 ? '-' : '+', minutes / 60 % 100,
                 minutes % 60);
    else
        text[0] = '\0';
}

char *reconcile_causes(const struct reconcile_row *row)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    const char *before = "{";
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (row->causes[i] != 0) {
            sqlite3_str_appendf(json, "%s\"%s\":%lld", before,
                                outcome_cause_name((enum outcome_cause)i),
                                (long long)row->causes[i]);
            before = ",";
        }
    sqlite3_str_appendall(json, before[0] == '{' ? "{}" : "}");
    return sqlite3_str_finish(json);
}
