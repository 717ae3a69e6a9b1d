/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HUGE_START[] = "{\"status\":200,\"padding\":\"";
static const char HUGE_END[] = "\"}";

void answer_message(struct answer *answer, unsigned status, const char *message)
{
    answer->status = status;
    answer->body.size = 0;
    json_t *object = json_pack("{s:i, s:s}", "status", (int)status, "message", message);
    char *text = json_dumps(object, JSON_COMPACT);
    if (text != NULL) {
        bytes_add(&answer->body, text, strlen(text));
    }
    free(text);
    json_decref(object);
}

/* Members of every type before the known ones, at random, as the vendor's sandbox sends them. */
static void add_unknown_members(struct bytes *body, struct fault_list *random)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "-1.5e300",
                                         "18446744073709551616",
                                         "\"\\u0000\\ud83d\\ude00\"",
                                         "[[],{\"status\":500}]",
                                         "{\"timestamp\":\"never\"}"};
    struct bytes text = {0};
    bytes_print(&text, "{");
    for (int i = 0; i < 4; i++) {
        uint64_t number = fault_random(random);
        bytes_print(&text, "\"x%" PRIx64 "\":%s,", number,
                    values[number % (sizeof values / sizeof values[0])]);
    }
    if (body->size > 0 && body->data[0] == '{') {
        bytes_add(&text, body->data + 1, body->size - 1);
    } else {
        bytes_print(&text, "\"last\":0}");
    }
    bytes_end(body);
    *body = text;
}

void answer_spoil(struct answer *answer, const struct fault *fault, struct fault_list *random)
{
    static const char html[] =
        "<!DOCTYPE html><html><body><h1>Bad \"gateway\"</h1></body></html>\n";
    static const char control[] =
        "{\"status\":200,\0\x01\x1b[31m\"message\":\"\x07\x7f\r\n\xff\xfe\"}";
    answer->fault = fault;
    if (fault->status != 0) {
        char message[64];
        snprintf(message, sizeof message, "the stand-in was told to: %s", fault->name);
        answer_message(answer, fault->status, message);
    }
    struct bytes *body = &answer->body;
    switch (fault->kind) {
    case FAULT_NEVER:
    case FAULT_HANGUP_BEFORE:
    case FAULT_HANGUP_AFTER:
        answer->form = ANSWER_NONE;
        break;
    case FAULT_NULL:
        body->size = 0;
        bytes_print(body, "null");
        break;
    case FAULT_TRUNCATED:
        body->size /= 2;
        break;
    case FAULT_SHORT:
        answer->form = ANSWER_SHORT;
        break;
    case FAULT_UNKNOWN:
        add_unknown_members(body, random);
        break;
    case FAULT_NOT_JSON:
        body->size = 0;
        bytes_add(body, html, sizeof html - 1);
        answer->type = "text/html";
        break;
    case FAULT_NUL:
        body->size = 0;
        bytes_add(body, control, sizeof control - 1);
        break;
    case FAULT_HUGE:
        answer->form = ANSWER_HUGE;
        break;
    default:
        break;
    }
}

static ssize_t read_short(void *body, uint64_t position, char *buffer, size_t room)
{
    const struct bytes *bytes = body;
    size_t half = bytes->size / 2;
    if (position >= half) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t size = half - (size_t)position < room ? half - (size_t)position : room;
    memcpy(buffer, bytes->data + position, size);
    return (ssize_t)size;
}

static void free_short(void *body)
{
    bytes_end(body);
    free(body);
}

static ssize_t read_huge(void *size_of_all, uint64_t position, char *buffer, size_t room)
{
    uint64_t total = *(const uint64_t *)size_of_all;
    uint64_t end = total - (sizeof HUGE_END - 1);
    size_t size = total - position < room ? (size_t)(total - position) : room;
    memset(buffer, 'x', size);
    for (size_t i = 0; i < size && position + i < sizeof HUGE_START - 1; i++) {
        buffer[i] = HUGE_START[position + i];
    }
    for (size_t i = position < end ? (size_t)(end - position) : 0; i < size; i++) {
        buffer[i] = HUGE_END[position + i - end];
    }
    return (ssize_t)size;
}

static struct MHD_Response *make_response(struct answer *answer)
{
    enum { BLOCK = 65536 };
    if (answer->form == ANSWER_SHORT) {
        struct bytes *body = bytes_memory(NULL, sizeof *body);
        *body = answer->body;
        answer->body = (struct bytes){0};
        return MHD_create_response_from_callback(body->size, BLOCK, read_short, body, free_short);
    }
    if (answer->form == ANSWER_HUGE) {
        uint64_t *total = bytes_memory(NULL, sizeof *total);
        *total = (uint64_t)answer->fault->mebibytes << 20;
        return MHD_create_response_from_callback(*total, BLOCK, read_huge, total, free);
    }
    struct bytes body = answer->body;
    answer->body = (struct bytes){0};
    return MHD_create_response_from_buffer(body.size, body.data, MHD_RESPMEM_MUST_FREE);
}

enum MHD_Result answer_send(struct answer *answer, struct MHD_Connection *connection)
{
    if (answer->form == ANSWER_NONE) {
        return MHD_NO;
    }
    if (answer->status == 204 || answer->status == 304) {
        answer->body.size = 0;
    }
    struct MHD_Response *response = make_response(answer);
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type",
                            answer->type == NULL ? "application/json" : answer->type);
    if (answer->allow != NULL) {
        MHD_add_response_header(response, "Allow", answer->allow);
    }
    if (answer->authenticate != NULL) {
        MHD_add_response_header(response, "WWW-Authenticate", answer->authenticate);
    }
    if (answer->fault != NULL && answer->fault->retry_after >= 0) {
        char seconds[32];
        snprintf(seconds, sizeof seconds, "%" PRId64, answer->fault->retry_after);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    if (answer->fault != NULL && answer->fault->location[0] != '\0') {
        MHD_add_response_header(response, "Location", answer->fault->location);
    }
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}
