/* SPDX-License-Identifier: MIT */
#include "rqlite/rqlite_answer.h"

#include <string.h>

#include "values/text.h"

enum { SHOWN = 400 };

static const char *show(const char *text, char shown[SHOWN])
{
    return text_escape(shown, SHOWN, text == NULL ? "" : text);
}

static enum rqlite_verdict judge_status(long status, struct error *error)
{
    switch (status) {
    case 401:
    case 403:
        error_set(error, ERROR_INVALID, "the user or the password is wrong (%ld)", status);
        return RQLITE_ANSWER_DENIED;
    case 400:
    case 413:
        error_set(error, ERROR_INVALID, "the request was refused (%ld)", status);
        return RQLITE_ANSWER_REFUSED;
    default:
        if (status >= 500 || status == 408 || status == 429) {
            error_set(error, ERROR_IO, "it answered %ld", status);
            return RQLITE_ANSWER_AGAIN;
        }
        error_set(error, ERROR_INVALID, "it answered %ld: it is no node of rqlite", status);
        return RQLITE_ANSWER_DENIED;
    }
}

/* SQLite's own words for a state that passes; any other error of a statement stays. */
static bool passes(const char *text)
{
    static const char *const passing[] = {"database is locked", "leadership lost", "not leader",
                                          "leader not found",   "timeout",         "disk is full"};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strstr(text, passing[i]) != NULL)
            return true;
    return false;
}

static enum rqlite_verdict judge_results(const json_t *results, size_t statements,
                                         struct error *error)
{
    char shown[SHOWN];
    size_t i;
    json_t *result;
    json_array_foreach(results, i, result)
    {
        const json_t *said = json_object_get(result, "error");
        const char *text = json_string_value(said);
        if (said == NULL)
            continue;
        error_set(error, text != NULL && passes(text) ? ERROR_IO : ERROR_INVALID,
                  "statement %zu: %s", i + 1, show(text, shown));
        return error->code == ERROR_IO ? RQLITE_ANSWER_AGAIN : RQLITE_ANSWER_REFUSED;
    }
    if (json_array_size(results) == statements)
        return RQLITE_ANSWER_DONE;
    error_set(error, ERROR_IO, "it answered %zu results for %zu statements",
              json_array_size(results), statements);
    return RQLITE_ANSWER_AGAIN;
}

enum rqlite_verdict rqlite_answer_judge(long status, const char *text, size_t length,
                                        size_t statements, json_t **results, struct error *error)
{
    char shown[SHOWN];
    json_error_t place;
    *results = NULL;
    if (status != 200)
        return judge_status(status, error);
    json_t *answer = json_loadb(text, length, JSON_REJECT_DUPLICATES, &place);
    const json_t *whole = json_object_get(answer, "error");
    json_t *all = json_object_get(answer, "results");
    enum rqlite_verdict verdict = RQLITE_ANSWER_AGAIN;
    if (whole != NULL)
        error_set(error, ERROR_IO, "%s", show(json_string_value(whole), shown));
    else if (!json_is_array(all))
        error_set(error, ERROR_IO, "its answer was cut off, or is none of rqlite's");
    else
        verdict = judge_results(all, statements, error);
    if (verdict == RQLITE_ANSWER_DONE)
        *results = json_incref(all);
    json_decref(answer);
    return verdict;
}
