/* SPDX-License-Identifier: MIT */
#include "csv/totals_line.h"

#include <string.h>

#include "values/text.h"

bool totals_begin(const char *text)
{
    static const char *const words[] = {
        "total",   "totals", "subtotal", "grand total", "grand totals", "sum",  "count",
        "overall", "summe",  "gesamt",   "totaal",      "suma",         "somme"};
    text += strspn(text, " \t\"");
    if (text[0] == '(')
        return strspn(text + 1, "0123456789") > 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i]);
        /* the end counts, too */
        if (text_same_start(text, words[i], length) && memchr(" :=,\t\"", text[length], 7) != NULL)
            return true;
    }
    return false;
}
