/* SPDX-License-Identifier: MIT */
/*
 * Sends statements to an rqlite cluster as the job's client does, and says what came of it:
 *
 *   rqlite_say NODE[,NODE]... execute|weak|strong SECONDS < STATEMENTS
 *
 * STATEMENTS: one JSON array, of ["SQL"] or ["SQL", {"name": value}]. Prints outcome and tries,
 * then the results or the error, a line each.
 */
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rqlite/rqlite.h"

int main(int argc, char **argv)
{
    static const char *const names[] = {"done", "refused", "denied", "unknown"};
    struct rqlite_options options = {.connect_ms = 500,
                                     .request_ms = 1500,
                                     .first_pause_ms = 50,
                                     .longest_pause_ms = 400,
                                     .user = getenv("RQLITE_USER"),
                                     .password = getenv("RQLITE_PASSWORD")};
    struct error error = {ERROR_NONE, ""};
    json_t *results = NULL, *statement;
    size_t i;
    if (argc != 4 || sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 64;
    options.give_up_ms = 1000 * strtol(argv[3], NULL, 10);
    for (char *node = strtok(argv[1], ","); node != NULL; node = strtok(NULL, ","))
        if (options.node_count < RQLITE_NODES)
            options.nodes[options.node_count++] = node;
    struct rqlite *rqlite = rqlite_open(&options, &error);
    struct rqlite_request *request = rqlite_request_new();
    json_t *statements = json_loadf(stdin, 0, NULL);
    if (rqlite == NULL || request == NULL || statements == NULL) {
        printf("%s\n", error.text);
        return 1;
    }
    json_array_foreach(statements, i, statement)
    {
        if (!rqlite_request_add(request, json_string_value(json_array_get(statement, 0)),
                                json_incref(json_array_get(statement, 1)))) {
            printf("not to be sent\n");
            return 1;
        }
    }
    enum rqlite_outcome outcome = strcmp(argv[2], "execute") == 0
                                      ? rqlite_execute(rqlite, request, &results, &error)
                                      : rqlite_query(rqlite, request, argv[2], &results, &error);
    printf("%s %u\n", names[outcome], rqlite_tries(rqlite));
    if (results == NULL)
        printf("%s", error.text);
    else
        json_dumpf(results, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(results);
    json_decref(statements);
    rqlite_request_free(request);
    rqlite_close(rqlite);
    curl_global_cleanup();
    return outcome == RQLITE_DONE ? 0 : 2;
}
