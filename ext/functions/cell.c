/* SPDX-License-Identifier: MIT */
#include "functions/cell.h"

#include <string.h>

bool cell_is_formula(const char *text)
{
    static const char *const wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                       "\xEF\xBC\xA0"}; /* U+FF1D = U+FF0B + U+FF0D - U+FF20 @ */
    if (text[0] != '\0' && strchr("=+-@\t\n\r", text[0]) != NULL)
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return false;
}

/* Numbers stay numbers, and NULL stays NULL: no formula is made of them. */
void functions_cell(struct sql_call *call)
{
    if (sqlite3_value_type(call->arguments[0]) != SQLITE_TEXT) {
        sqlite3_result_value(call->context, call->arguments[0]);
        return;
    }
    const char *text = (const char *)sqlite3_value_text(call->arguments[0]);
    if (text == NULL) {
        sqlite3_result_error_nomem(call->context);
        return;
    }
    if (!cell_is_formula(text)) {
        sqlite3_result_value(call->context, call->arguments[0]);
        return;
    }
    char *marked = sqlite3_mprintf("%c%s", CELL_MARK, text);
    if (marked == NULL)
        sqlite3_result_error_nomem(call->context);
    else
        sqlite3_result_text(call->context, marked, -1, sqlite3_free);
}
