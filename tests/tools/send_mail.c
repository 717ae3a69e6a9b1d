/* SPDX-License-Identifier: MIT */
/* send_mail: sends messages by the mail channel alone, for tests against a real SMTP server.
 *
 *   send_mail URL CA_FILE USERNAME PASSWORD TEMPLATES CONCURRENCY < messages
 *
 * A message is a line of JSON: to, locale, name, code, link. For each it prints its number, the
 * result, the reply's status and the kept text; at the end how the run ended. SIGTERM stops it.
 */
#include "../../jobs/channels/mail.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MESSAGES = 256, LONGEST_LINE = 65536 };

struct messages {
    json_t *json[MOST_MESSAGES];
    struct message_request requests[MOST_MESSAGES];
    struct transfer_item items[MOST_MESSAGES];
    size_t count;
    size_t next;
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

static void read_messages(struct messages *messages)
{
    static char line[LONGEST_LINE];
    while (messages->count < MOST_MESSAGES && fgets(line, sizeof line, stdin)) {
        json_t *json = json_loads(line, 0, NULL);
        if (!json)
            continue;
        struct message_request *request = &messages->requests[messages->count];
        request->to = json_string_value(json_object_get(json, "to"));
        request->locale = json_string_value(json_object_get(json, "locale"));
        request->values.name = json_string_value(json_object_get(json, "name"));
        request->values.code = json_string_value(json_object_get(json, "code"));
        request->values.link = json_string_value(json_object_get(json, "link"));
        request->values.subject = request->to;
        messages->json[messages->count++] = json;
    }
}

static enum transfer_supply next(void *context, unsigned room, struct transfer_item **item,
                                 int64_t *later_ms)
{
    struct messages *messages = context;
    (void)room;
    (void)later_ms;
    if (messages->next == messages->count)
        return TRANSFER_NO_MORE;
    *item = &messages->items[messages->next];
    (*item)->request = &messages->requests[messages->next++];
    return TRANSFER_ITEM;
}

static void print_ended(const struct messages *messages, struct transfer *transfer)
{
    const struct transfer_item *item;
    while ((item = transfer_ended(transfer))) {
        const struct transfer_answer *answer = &item->answer;
        size_t number = (size_t)(item - messages->items);
        if (item->answered)
            printf("%zu %s %ld %s%s\n", number,
                   answer->result == TRANSFER_ABOUT_US ? "about_us"
                                                       : transfer_result_name(answer->result),
                   answer->status, answer->unreached ? "(unreached) " : "", answer->text);
        else
            printf("%zu returned\n", number);
    }
}

static void send_all(const struct messages *messages, struct transfer *transfer)
{
    bool more;
    do {
        if (stop)
            transfer_end(transfer, TRANSFER_END_STOPPED, "stopped");
        more = transfer_step(transfer);
        print_ended(messages, transfer);
    } while (more);
    const struct transfer_outcome *outcome = transfer_outcome(transfer, 0);
    printf("end %d %s\n", (int)outcome->end, outcome->text);
}

int main(int argc, char **argv)
{
    static struct messages messages;
    static struct config_mail config = {.from = "Exämple <no-reply@example.com>"};
    const struct transfer_limits limits = {.probes = 2, .probe_pause_ms = 1};
    struct error error;
    if (argc != 7)
        return 64;
    snprintf(config.url, sizeof config.url, "%s", argv[1]);
    snprintf(config.ca_file, sizeof config.ca_file, "%s", argv[2]);
    snprintf(config.username, sizeof config.username, "%s", argv[3]);
    snprintf(config.password, sizeof config.password, "%s", argv[4]);
    snprintf(config.templates, sizeof config.templates, "%s", argv[5]);
    struct mail *mail = mail_open(&config, &error);
    if (!mail) {
        fprintf(stderr, "%s\n", error.text);
        return 78;
    }
    read_messages(&messages);
    signal(SIGTERM, on_signal);
    struct transfer_destination destination = {
        .channel = mail_channel(mail),
        .pace = {.rate = 0, .concurrency = (unsigned)strtoul(argv[6], NULL, 10)},
        .patience = {.connect_seconds = 5, .transfer_seconds = 60, .idle_seconds = 10},
        .source = {&messages, next},
    };
    struct transfer *transfer = transfer_open(&destination, 1, &limits, &error);
    if (transfer) {
        send_all(&messages, transfer);
        transfer_close(transfer);
    }
    mail_close(mail);
    for (size_t i = 0; i < messages.count; i++)
        json_decref(messages.json[i]);
    return transfer ? 0 : 1;
}
