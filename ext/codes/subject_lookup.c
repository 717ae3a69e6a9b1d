/* SPDX-License-Identifier: MIT */
#include "codes/subject_lookup.h"

#include <stdio.h>
#include <string.h>

#include "host.h"
#include "values/text.h"

enum { MOST_NAMED = 8 };

/* Readings */

static void add(struct session *session, struct lookup *who, enum subject_kind kind,
                enum lookup_use use, const char *text)
{
    for (size_t i = 0; i < who->count; i++)
        if (who->readings[i].kind == kind && strcmp(who->readings[i].text, text) == 0)
            return;
    if (who->count < LOOKUP_READINGS)
        who->readings[who->count++] =
            (struct lookup_reading){.kind = kind,
                                    .use = use,
                                    .text = text,
                                    .key = session_subject_key(session, kind, text)};
}

/* Keeps a number; NULL: one that is there, or there is no room. */
static const char *keep_number(struct lookup *who, const char *number)
{
    if (who->number_count == LOOKUP_NUMBERS || strlen(number) >= SUBJECT_NUMBER_SIZE)
        return NULL;
    for (size_t i = 0; i < who->number_count; i++)
        if (strcmp(who->numbers[i], number) == 0)
            return NULL;
    memcpy(who->numbers[who->number_count], number, strlen(number) + 1);
    return who->numbers[who->number_count++];
}

static void add_number(struct session *session, struct lookup *who, const char *text,
                       const char *country, enum lookup_use use)
{
    char number[SUBJECT_SIZE];
    const char *kept = subject_phone(text, country, number) ? keep_number(who, number) : NULL;
    if (kept != NULL)
        add(session, who, SUBJECT_PHONE, use, kept);
    /* Older ledgers kept E.164 as it was sent, whatever prefix was in it. */
    kept = phone_number_is_e164(text) ? keep_number(who, text) : NULL;
    if (kept != NULL)
        add(session, who, SUBJECT_PHONE, use, kept);
}

/* Whether a username as it is compared means an address or a number that the text does not mean as
 * it was written: in another width, or with characters that cannot be seen. */
static bool folds_to_another(const struct lookup *who)
{
    char meant[SUBJECT_SIZE];
    return subject_meaning(who->username, NULL, meant) != SUBJECT_USERNAME &&
           (who->count == 0 || strcmp(meant, who->readings[0].text) != 0);
}

bool lookup_read(struct session *session, const char *text, struct lookup *who)
{
    const struct settings *settings = session_settings(session);
    memset(who, 0, sizeof *who);
    if (settings == NULL)
        return false;
    bool is_email = email_fold(text, who->email);
    if (is_email)
        add(session, who, SUBJECT_EMAIL, LOOKUP_MEANT, who->email);
    else
        add_number(session, who, text, NULL, LOOKUP_MEANT);
    bool stands_alone = who->count > 0;
    if (!stands_alone)
        add_number(session, who, text, settings->default_country, LOOKUP_MEANT);
    if (subject_fold_username(text, who->username) && !folds_to_another(who))
        add(session, who, SUBJECT_USERNAME, stands_alone ? LOOKUP_ERASING : LOOKUP_MEANT,
            who->username);
    for (size_t i = 0; i < settings->country_count && !stands_alone; i++)
        add_number(session, who, text, settings->countries[i], LOOKUP_FORMER);
    for (size_t i = 0; i < who->number_count; i++)
        add(session, who, SUBJECT_USERNAME,
            settings->username_is_phone ? LOOKUP_INSTEAD : LOOKUP_ERASING, who->numbers[i]);
    return who->count > 0 && !ledger_failed(session->ledger);
}

/* [[KEY, "KIND", NUMBER or null, whether only rows without a phone count, which reading], ...]: the
 * numbers need no escape, the two other texts go beside. */
void lookup_bind(struct ledger_statement *statement, struct lookup *who, unsigned uses)
{
    size_t length = (size_t)snprintf(who->list, sizeof who->list, "[");
    for (size_t i = 0; i < who->count; i++) {
        const struct lookup_reading *reading = &who->readings[i];
        bool number = reading->text != who->email && reading->text != who->username;
        const char *quote = number ? "\"" : "";
        if ((reading->use & uses) == 0)
            continue;
        length += (size_t)snprintf(
            who->list + length, sizeof who->list - length, "%s[%lld,\"%c\",%s%s%s,%d,%zu]",
            length > 1 ? "," : "", (long long)reading->key, reading->kind, quote,
            number ? reading->text : "null", quote, uses == LOOKUP_INSTEAD, i);
    }
    snprintf(who->list + length, sizeof who->list - length, "]");
    ledger_set_text(statement, ":readings", who->list);
    ledger_set_text(statement, ":email", who->email);
    ledger_set_text(statement, ":username", who->username);
}

/* People */

static const char *kind_words(enum subject_kind kind)
{
    return kind == SUBJECT_EMAIL   ? "e-mail address"
           : kind == SUBJECT_PHONE ? "phone number"
                                   : "username";
}

static void list_people(struct session *session, struct lookup *who, unsigned uses, int64_t now,
                        struct lookup_people *people)
{
    size_t length = 0;
    int64_t count = 0;
    memset(people, 0, sizeof *people);
    enum { PERSON, READING, LONE, CUSTOMERS, APART };
    static const char *const columns[] = {"person", "reading", "lone", "customers", "apart", NULL};
    struct ledger_statement *row =
        ledger_select(session->ledger, STATEMENT_people_of_text, columns);
    lookup_bind(row, who, uses);
    ledger_set_integer(row, ":live", uses != LOOKUP_ANY);
    ledger_set_integer(row, ":now", now);
    for (; ledger_row(row); count++) {
        const struct lookup_reading *reading = &who->readings[ledger_integer(row, READING)];
        people->customers += ledger_integer(row, CUSTOMERS);
        people->apart = ledger_integer(row, APART) != 0;
        if (count < MOST_NAMED)
            length += (size_t)snprintf(
                people->names + length, sizeof people->names - length, "%s%s%lld by %s",
                length > 0 ? ", " : "", ledger_integer(row, LONE) != 0 ? "code " : "",
                (long long)ledger_integer(row, PERSON), kind_words(reading->kind));
    }
    if (count > MOST_NAMED)
        snprintf(people->names + length, sizeof people->names - length, " and %lld more",
                 (long long)(count - MOST_NAMED));
}

void lookup_list(struct session *session, struct lookup *who, struct lookup_people *people)
{
    list_people(session, who, LOOKUP_ANY, 0, people);
}

void lookup_refuse(struct session *session, const struct lookup_people *people)
{
    ledger_fail(session->ledger, SQLITE_ERROR,
                "subject: it may mean several people: %s; give a phone number with its country "
                "code, as in +16045550123, or another identifier of the person",
                people->names);
}

/* Finding */

/* Whoever is found by one reading; his customers are counted. */
static bool find_by(struct session *session, const struct lookup_reading *reading, int64_t now,
                    struct lookup_found *found, int64_t *customers)
{
    bool any = false;
    enum { PENDING, CUSTOMER, CUSTOMERS };
    static const char *const columns[] = {"pending", "customer", "customers", NULL};
    struct ledger_statement *row =
        ledger_select(session->ledger, STATEMENT_live_of_reading, columns);
    ledger_set_integer(row, ":key", reading->key);
    ledger_set_text(row, ":text", reading->text);
    ledger_set_integer(row, ":alone", reading->use == LOOKUP_INSTEAD);
    ledger_set_integer(row, ":now", now);
    if (ledger_row(row)) {
        int64_t pending = ledger_integer(row, PENDING), customer = ledger_integer(row, CUSTOMER);
        any = pending != 0 || customer != 0;
        if (pending > found->pending) {
            found->pending = pending;
            found->pending_by = reading;
        }
        if (customer > found->customer) {
            found->customer = customer;
            found->customer_by = reading;
        }
        *customers += ledger_integer(row, CUSTOMERS);
        ledger_done(row);
    }
    return any;
}

/* Adds the keys of the readings of these uses. */
static void list_keys(const struct lookup *who, unsigned uses, char keys[LOOKUP_LIST])
{
    size_t length = (size_t)snprintf(keys, LOOKUP_LIST, "[");
    for (size_t i = 0; i < who->count; i++)
        if ((who->readings[i].use & uses) != 0)
            length += (size_t)snprintf(keys + length, LOOKUP_LIST - length, "%s%lld",
                                       length > 1 ? "," : "", (long long)who->readings[i].key);
    snprintf(keys + length, LOOKUP_LIST - length, "]");
}

void lookup_keys(const struct lookup *who, char keys[LOOKUP_LIST])
{
    list_keys(who, LOOKUP_ANY, keys);
}

bool lookup_find(struct session *session, struct lookup *who, int64_t now,
                 struct lookup_found *found)
{
    static const unsigned turns[] = {LOOKUP_MEANT | LOOKUP_FORMER, LOOKUP_INSTEAD};
    size_t by = 0;
    int64_t customers = 0;
    memset(found, 0, sizeof *found);
    for (size_t turn = 0; turn < 2 && by == 0; turn++) {
        for (size_t i = 0; i < who->count; i++)
            if ((who->readings[i].use & turns[turn]) != 0)
                by += find_by(session, &who->readings[i], now, found, &customers);
        list_keys(who, turn == 0 ? turns[0] : turns[0] | turns[1], found->keys);
        if (by > 1 || customers > 1)
            list_people(session, who, turns[turn], now, &found->people);
    }
    return !ledger_failed(session->ledger);
}
