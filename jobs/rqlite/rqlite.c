/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rqlite/rqlite_answer.h"
#include "rqlite/rqlite_inside.h"
#include "run/stop.h"
#include "config/url.h"
#include "values/moment.h"

enum {
    ANSWER_MOST = 256 << 20,
    BYTES_A_MS = 100 /* a request of many rows takes its time */
};

/* -- the addresses -- */

/* What a URL is, config/url.h knows; the rest is what a node has. */
static bool add_node(struct rqlite *rqlite, const char *address, struct error *error)
{
    size_t length = strlen(address);
    if (!url_check(address, "https|(http)", error))
        return error_at(error, "a node's address"); /* not repeated: it may have a password */
    length -= length > 0 && address[length - 1] == '/';
    const char *host = strstr(address, "://");
    if (length >= RQLITE_URL_SIZE || memchr(host + 3, '/', length - (size_t)(host + 3 - address)))
        return error_set(error, ERROR_INVALID,
                         "a node's address is expected, as https://HOST:4001");
    snprintf(rqlite->nodes[rqlite->node_count++], RQLITE_URL_SIZE, "%.*s", (int)length, address);
    return true;
}

/* -- one try -- */

size_t rqlite_keep_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct rqlite *rqlite = context;
    size_t more = size * count, room = rqlite->room;
    if (more > ANSWER_MOST - rqlite->length) {
        rqlite->too_long = true;
        return 0;
    }
    while (room < rqlite->length + more)
        room = room == 0 ? 4096 : room * 2;
    char *grown = room == rqlite->room ? rqlite->answer : realloc(rqlite->answer, room);
    if (grown == NULL)
        return 0;
    rqlite->answer = grown;
    rqlite->room = room;
    memcpy(rqlite->answer + rqlite->length, bytes, more);
    rqlite->length += more;
    return more;
}

static bool prepare(struct rqlite *rqlite)
{
    CURL *curl = rqlite->curl;
    const struct rqlite_options *options = &rqlite->options;
    return curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->request_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, rqlite_keep_answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, rqlite) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, rqlite->curl_error) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, rqlite->headers) == CURLE_OK &&
           (rqlite->ca_file == NULL ||
            curl_easy_setopt(curl, CURLOPT_CAINFO, rqlite->ca_file) == CURLE_OK) &&
           (rqlite->user == NULL ||
            (curl_easy_setopt(curl, CURLOPT_USERNAME, rqlite->user) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_PASSWORD, rqlite->password) == CURLE_OK));
}

bool rqlite_is_about_us(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_OUT_OF_MEMORY;
}

static enum rqlite_verdict try_once(struct rqlite *rqlite, const char *path, const char *body,
                                    size_t statements, json_t **results, struct error *error)
{
    char url[RQLITE_URL_SIZE + 64];
    const char *node = rqlite->nodes[rqlite->node];
    enum rqlite_verdict verdict = RQLITE_ANSWER_AGAIN;
    long status = 0;
    size_t length = strlen(body);
    snprintf(url, sizeof url, "%s%s", node, path);
    rqlite->length = 0;
    rqlite->too_long = false;
    rqlite->curl_error[0] = '\0';
    rqlite->tries++;
    if (curl_easy_setopt(rqlite->curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(rqlite->curl, CURLOPT_POST, 1L) != CURLE_OK ||
        curl_easy_setopt(rqlite->curl, CURLOPT_TIMEOUT_MS,
                         (long)rqlite->options.request_ms + (long)length / BYTES_A_MS) !=
            CURLE_OK ||
        curl_easy_setopt(rqlite->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length) !=
            CURLE_OK ||
        curl_easy_setopt(rqlite->curl, CURLOPT_POSTFIELDS, body) != CURLE_OK) {
        error_no_memory(error, NULL);
        return RQLITE_ANSWER_AGAIN;
    }
    CURLcode code = curl_easy_perform(rqlite->curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(rqlite->curl, CURLINFO_RESPONSE_CODE, &status);
        verdict =
            rqlite_answer_judge(status, rqlite->answer, rqlite->length, statements, results, error);
        if (verdict == RQLITE_ANSWER_REFUSED)
            snprintf(rqlite->refusal, sizeof rqlite->refusal, "%.500s", error->text);
    } else {
        error_set(error, ERROR_IO, "%s",
                  rqlite->too_long                ? "its answer is too long"
                  : rqlite->curl_error[0] != '\0' ? rqlite->curl_error
                                                  : curl_easy_strerror(code));
        verdict = rqlite_is_about_us(code) ? RQLITE_ANSWER_DENIED : RQLITE_ANSWER_AGAIN;
    }
    if (verdict != RQLITE_ANSWER_DONE)
        error_at(error, "%s", node);
    return verdict;
}

/* -- until it is known -- */

/* Half of it is chance, so that the machines of a team do not come all at once. */
int64_t rqlite_pause(const struct rqlite *rqlite, unsigned round)
{
    int64_t pause = rqlite->options.first_pause_ms;
    for (unsigned i = 1; i < round && pause < rqlite->options.longest_pause_ms; i++)
        pause *= 2;
    if (pause > rqlite->options.longest_pause_ms)
        pause = rqlite->options.longest_pause_ms;
    return pause / 2 + (int64_t)randombytes_uniform((uint32_t)(pause / 2 + 1));
}

void rqlite_wait(int64_t ms)
{
    int64_t until = moment_monotonic() + ms;
    struct pollfd stop = {.fd = stop_descriptor(), .events = POLLIN};
    for (int64_t left = ms; left > 0 && !stop_asked(); left = until - moment_monotonic())
        poll(&stop, stop.fd >= 0 ? 1 : 0, stop_wait_milliseconds((int)left));
}

static enum rqlite_outcome outcome_of(enum rqlite_verdict verdict)
{
    return verdict == RQLITE_ANSWER_DONE      ? RQLITE_DONE
           : verdict == RQLITE_ANSWER_REFUSED ? RQLITE_REFUSED
           : verdict == RQLITE_ANSWER_DENIED  ? RQLITE_DENIED
                                              : RQLITE_UNKNOWN;
}

/* Once the run is to stop it still writes down what it has done, but does not wait as long. */
static bool is_over(struct rqlite *rqlite, int64_t give_up)
{
    int64_t now = moment_monotonic();
    if (!stop_asked())
        rqlite->stop_at = 0; /* the time of one step was over, and another has begun */
    else if (rqlite->stop_at == 0)
        rqlite->stop_at = now + RQLITE_STOP_MS;
    return now >= give_up || (rqlite->stop_at != 0 && now >= rqlite->stop_at);
}

/* The same bytes, to one node after the other, with a pause when all have been asked. A node whose
 * certificate is wrong speaks for itself alone, and so does one that is no rqlite: the others are
 * asked first. */
static enum rqlite_outcome run(struct rqlite *rqlite, const char *path,
                               struct rqlite_request *request, json_t **results,
                               struct error *error)
{
    json_t *got = NULL;
    const char *body = rqlite_request_body(request);
    size_t statements = json_array_size(request->statements);
    int64_t give_up = moment_monotonic() + rqlite->options.give_up_ms;
    enum rqlite_verdict verdict = RQLITE_ANSWER_AGAIN;
    size_t denied = 0;
    rqlite->tries = 0;
    if (body == NULL) {
        error_no_memory(error, "the request");
        return RQLITE_DENIED;
    }
    for (;;) {
        verdict = try_once(rqlite, path, body, statements, &got, error);
        if (verdict == RQLITE_ANSWER_DONE || verdict == RQLITE_ANSWER_REFUSED)
            break;
        denied = verdict == RQLITE_ANSWER_DENIED ? denied + 1 : 0;
        if (denied == rqlite->node_count || is_over(rqlite, give_up))
            break;
        rqlite->node = (rqlite->node + 1) % rqlite->node_count;
        if (rqlite->tries % rqlite->node_count == 0)
            rqlite_wait(rqlite_pause(rqlite, rqlite->tries / (unsigned)rqlite->node_count));
    }
    /* What was sent to one of the others may have been carried out. */
    if (verdict == RQLITE_ANSWER_DENIED && denied < rqlite->node_count)
        verdict = RQLITE_ANSWER_AGAIN;
    if (verdict == RQLITE_ANSWER_DENIED && rqlite->tries > rqlite->node_count)
        verdict = RQLITE_ANSWER_AGAIN;
    if (results != NULL && verdict == RQLITE_ANSWER_DONE)
        *results = got;
    else
        json_decref(got);
    return outcome_of(verdict);
}

enum rqlite_outcome rqlite_execute(struct rqlite *rqlite, struct rqlite_request *request,
                                   json_t **results, struct error *error)
{
    return run(rqlite, "/db/execute?transaction&norwrandom&norwtime", request, results, error);
}

enum rqlite_outcome rqlite_query(struct rqlite *rqlite, struct rqlite_request *request,
                                 const char *level, json_t **results, struct error *error)
{
    char path[RQLITE_URL_SIZE];
    snprintf(path, sizeof path, "/db/query?level=%s", level);
    return run(rqlite, path, request, results, error);
}

const char *rqlite_refusal(const struct rqlite *rqlite)
{
    /* "statement 2: WORDS" */
    const char *words = strstr(rqlite->refusal, ": ");
    return words == NULL ? rqlite->refusal : words + 2;
}

unsigned rqlite_tries(const struct rqlite *rqlite)
{
    return rqlite->tries;
}

/* -- beginning and end -- */

static bool copy_text(char **copy, const char *text)
{
    *copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *copy != NULL;
}

struct rqlite *rqlite_open(const struct rqlite_options *options, struct error *error)
{
    struct rqlite *rqlite = calloc(1, sizeof *rqlite);
    bool right = rqlite != NULL || error_no_memory(error, NULL);
    for (size_t i = 0; right && i < options->node_count && i < RQLITE_NODES; i++)
        right = add_node(rqlite, options->nodes[i], error);
    if (right && (rqlite->node_count == 0 || options->node_count > RQLITE_NODES))
        right = error_set(error, ERROR_INVALID, "1 to %d nodes are expected", RQLITE_NODES);
    if (right) {
        rqlite->options = *options;
        rqlite->curl = curl_easy_init();
        rqlite->headers = curl_slist_append(NULL, "Content-Type: application/json");
        right = (rqlite->curl != NULL && rqlite->headers != NULL &&
                 copy_text(&rqlite->user, options->user) &&
                 copy_text(&rqlite->password, options->password) &&
                 copy_text(&rqlite->ca_file, options->ca_file) && prepare(rqlite)) ||
                error_no_memory(error, NULL);
        rqlite->node = randombytes_uniform((uint32_t)rqlite->node_count);
    }
    if (right)
        return rqlite;
    rqlite_close(rqlite);
    return NULL;
}

void rqlite_close(struct rqlite *rqlite)
{
    if (rqlite == NULL)
        return;
    curl_easy_cleanup(rqlite->curl);
    curl_slist_free_all(rqlite->headers);
    if (rqlite->password != NULL)
        sodium_memzero(rqlite->password, strlen(rqlite->password));
    free(rqlite->user);
    free(rqlite->password);
    free(rqlite->ca_file);
    free(rqlite->answer);
    free(rqlite);
}
