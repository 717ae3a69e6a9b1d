/* SPDX-License-Identifier: MIT */
#include "rqlite/rqlite_inside.h"

#include <stdlib.h>
#include <string.h>

#include "values/document.h"

struct rqlite_request *rqlite_request_new(void)
{
    struct rqlite_request *request = calloc(1, sizeof *request);
    if (request != NULL)
        request->statements = json_array();
    if (request != NULL && request->statements == NULL) {
        free(request);
        return NULL;
    }
    return request;
}

void rqlite_request_free(struct rqlite_request *request)
{
    if (request == NULL)
        return;
    json_decref(request->statements);
    free(request->body);
    free(request);
}

/* As rqlite (8.31) has it: an x of either case, and quotes around what follows. */
static bool looks_like_a_blob(const char *text)
{
    size_t length = strlen(text);
    return length >= 3 && (text[0] == 'x' || text[0] == 'X') && text[1] == '\'' &&
           text[length - 1] == '\'';
}

static bool parameters_are_safe(json_t *parameters)
{
    const char *name;
    json_t *value;
    json_object_foreach(parameters, name, value)
    {
        if (json_is_object(value) || json_is_array(value) ||
            (json_is_string(value) && looks_like_a_blob(json_string_value(value))))
            return false;
    }
    return true;
}

bool rqlite_request_add(struct rqlite_request *request, const char *sql, json_t *parameters)
{
    json_t *statement = NULL;
    bool added = false;
    free(request->body);
    request->body = NULL;
    if (parameters == NULL || (json_is_object(parameters) && parameters_are_safe(parameters)))
        statement =
            parameters == NULL ? json_pack("[s]", sql) : json_pack("[s, O]", sql, parameters);
    if (statement != NULL)
        added = json_array_append_new(request->statements, statement) == 0;
    json_decref(parameters);
    return added;
}

json_t *rqlite_rows(json_t *rows)
{
    char *text = json_is_array(rows) ? document_text(rows, JSON_COMPACT) : NULL;
    json_t *parameter = text == NULL ? NULL : json_string(text);
    free(text);
    json_decref(rows);
    return parameter;
}

const char *rqlite_request_body(struct rqlite_request *request)
{
    if (request->body == NULL)
        request->body = document_text(request->statements, JSON_COMPACT);
    return request->body;
}
