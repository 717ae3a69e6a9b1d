/* SPDX-License-Identifier: MIT */
/* gateway.c: the SMS gateway's endpoints, in three common shapes. */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 3, FIELD_TO = 0, FIELD_FROM = 1, FIELD_TEXT = 2 };

struct profile {
    const char *name;
    const char *fields[FIELDS];
    unsigned status; /* of success */
};

static const struct profile json_profile = {"json", {"to", "from", "text"}, 200};
static const struct profile form_profile = {"form", {"to", "from", "text"}, 200};
static const struct profile twilio_profile = {"twilio", {"To", "From", "Body"}, 201};

struct form {
    const struct profile *profile;
    struct bytes fields[FIELDS];
    char unknown[64];
};

static const char *authorization_kind(const struct request *request)
{
    const char *value = server_header(request, "Authorization");
    if (value == NULL) {
        return "none";
    }
    return strncasecmp(value, "Basic ", 6) == 0 ? "basic" : "bearer";
}

/* Where the gateway is given a token it has to be the right one: bearer, or basic authentication's
 * password. `username` NULL: anyone's. */
static bool is_authorized(const struct request *request, const char *username)
{
    const char *token = request->server->token;
    const char *value = server_header(request, "Authorization");
    if (value == NULL) {
        return username == NULL;
    }
    if (username == NULL && strncasecmp(value, "Bearer ", 7) == 0) {
        return strcmp(value + 7, token) == 0;
    }
    char *password = NULL;
    char *name = MHD_basic_auth_get_username_password(request->connection, &password);
    bool right = name != NULL && password != NULL && strcmp(password, token) == 0 &&
                 (username == NULL || strcmp(name, username) == 0);
    MHD_free(name);
    MHD_free(password);
    return right;
}

static int find_field(const struct profile *profile, const char *name)
{
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(profile->fields[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static enum MHD_Result take_field(void *context, enum MHD_ValueKind kind, const char *key,
                                  const char *file, const char *type, const char *encoding,
                                  const char *data, uint64_t offset, size_t size)
{
    (void)kind;
    (void)file;
    (void)type;
    (void)encoding;
    (void)offset;
    struct form *form = context;
    int field = find_field(form->profile, key);
    if (field < 0) {
        snprintf(form->unknown, sizeof form->unknown, "%.60s", key);
    } else {
        bytes_add(&form->fields[field], data, size);
    }
    return MHD_YES;
}

static bool read_form(struct request *request, struct form *form)
{
    const char *type = server_header(request, "Content-Type");
    struct MHD_PostProcessor *processor = NULL;
    if (type != NULL && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0) {
        processor = MHD_create_post_processor(request->connection, 4096, take_field, form);
    }
    if (processor == NULL) {
        server_refuse(request, 400, "Content-Type: must be application/x-www-form-urlencoded");
        return false;
    }
    enum MHD_Result read = MHD_post_process(
        processor, request->body.data == NULL ? "" : request->body.data, request->body.size);
    if (MHD_destroy_post_processor(processor) != MHD_YES || read != MHD_YES) {
        server_refuse(request, 400, "the body is not a form");
        return false;
    }
    return true;
}

static bool read_json(struct request *request, struct form *form)
{
    json_t *json = server_json(request);
    if (json == NULL) {
        return false;
    }
    bool right = json_is_object(json);
    const char *name;
    json_t *value;
    json_object_foreach(json, name, value)
    {
        int field = find_field(form->profile, name);
        if (field < 0) {
            snprintf(form->unknown, sizeof form->unknown, "%.60s", name);
        } else if (json_is_string(value)) {
            bytes_add(&form->fields[field], json_string_value(value), json_string_length(value));
        }
    }
    json_decref(json);
    if (!right) {
        server_refuse(request, 400, "the body must be one JSON object");
    }
    return right;
}

/* False: refused, with the field's name. */
static bool check_form(struct request *request, const struct form *form)
{
    char message[128] = "";
    const struct profile *profile = form->profile;
    const struct bytes *to = &form->fields[FIELD_TO];
    for (int i = 0; i < FIELDS; i++) {
        const struct bytes *field = &form->fields[i];
        if (field->size == 0 || memchr(field->data, '\0', field->size) != NULL) {
            snprintf(message, sizeof message, "%s: must be a text that is not empty",
                     profile->fields[i]);
        }
    }
    if (form->unknown[0] != '\0') {
        snprintf(message, sizeof message, "%s: unknown member", form->unknown);
    } else if (message[0] == '\0' &&
               (to->data[0] != '+' || strspn(to->data + 1, "0123456789") != to->size - 1 ||
                to->size < 8 || to->size > 16)) {
        snprintf(message, sizeof message, "%s: must be + and 7 to 15 digits", profile->fields[0]);
    }
    if (message[0] != '\0') {
        server_refuse(request, 400, message);
    }
    return message[0] == '\0';
}

static void keep_message(struct request *request, const struct form *form)
{
    struct server *server = request->server;
    char id[64];
    snprintf(id, sizeof id, "SM%016" PRIx64 "%016" PRIx64, fault_random(&server->faults),
             fault_random(&server->faults));
    unsigned status = form->profile->status;
    for (unsigned copy = 0; copy < server_copies(request); copy++) {
        json_t *message = json_pack(
            "{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "n",
            (json_int_t)server->messages.count + 1, "received_ms", (json_int_t)request->received_ms,
            "profile", form->profile->name, "authorization", authorization_kind(request), "to",
            form->fields[FIELD_TO].data, "from", form->fields[FIELD_FROM].data, "text",
            form->fields[FIELD_TEXT].data, "sid", id, "answered",
            (int)server_answered(request, status));
        if (message == NULL) {
            server_refuse(request, 400, "the fields must be UTF-8");
            return;
        }
        bool kept = message_keep(&server->messages, message);
        json_decref(message);
        if (!kept) {
            server_refuse(request, 500, "the message could not be kept");
            return;
        }
    }
    request->accepted = true;
    request->answer.status = status;
    bytes_print(&request->answer.body, "{\"sid\":\"%s\",\"status\":\"queued\"}", id);
}

static void take_message(struct request *request, const struct profile *profile,
                         const char *username)
{
    if (request->server->unchecked) {
        request->accepted = true;
        request->answer.status = profile->status;
        bytes_print(&request->answer.body, "{\"status\":\"queued\"}");
        return;
    }
    if (!is_authorized(request, username)) {
        server_refuse(request, 401, "Authorization: missing or wrong");
        request->answer.authenticate = "Basic realm=\"sms\"";
        return;
    }
    struct form form = {.profile = profile};
    bool read = profile == &json_profile ? read_json(request, &form) : read_form(request, &form);
    if (read && check_form(request, &form)) {
        keep_message(request, &form);
    }
    for (int i = 0; i < FIELDS; i++) {
        bytes_end(&form.fields[i]);
    }
}

static void take_json(struct request *request)
{
    take_message(request, &json_profile, NULL);
}

static void take_form(struct request *request)
{
    take_message(request, &form_profile, NULL);
}

static void take_twilio(struct request *request)
{
    /* /2010-04-01/Accounts/{sid}/Messages.json: the account is the user name. */
    static const char start[] = "/2010-04-01/Accounts/";
    const char *account = request->path + sizeof start - 1;
    char *username = strndup(account, strcspn(account, "/"));
    if (username == NULL) {
        server_refuse(request, 500, "out of memory");
        return;
    }
    take_message(request, &twilio_profile, username);
    free(username);
}

const struct endpoint gateway_endpoints[] = {
    {"POST", "/sms", true, take_json},
    {"POST", "/sms-form", true, take_form},
    {"POST", "/2010-04-01/Accounts/{}/Messages.json", true, take_twilio},
    {NULL, NULL, false, NULL}};
