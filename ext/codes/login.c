/* SPDX-License-Identifier: MIT */
#include "codes/login.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "codes/subject_lookup.h"
#include "host.h"
#include "ledger/session.h"
#include "passwords/hash.h"

struct kept {
    int64_t customer; /* 0: nobody's */
    char hash[PASSWORD_STORED_SIZE];
};

static void read_hash(struct session *session, int64_t attempt, struct kept *kept)
{
    enum { CUSTOMER, HASH };
    static const char *const columns[] = {"customer", "password_hash", NULL};
    struct ledger_statement *row =
        ledger_select(session->ledger, STATEMENT_password_of_attempt, columns);
    ledger_set_integer(row, ":attempt_id", attempt);
    if (!ledger_row(row))
        return;
    const char *hash = ledger_text(row, HASH);
    if (hash != NULL && strlen(hash) < sizeof kept->hash) {
        kept->customer = ledger_integer(row, CUSTOMER);
        memcpy(kept->hash, hash, strlen(hash) + 1);
    }
    ledger_done(row);
}

/* The one customer whom the subject names, with a hash. */
static void find(struct session *session, const char *subject, struct kept *kept)
{
    struct lookup who;
    struct lookup_found found = {.pending = 0};
    kept->customer = 0;
    if (!lookup_read(session, subject, &who) ||
        !lookup_find(session, &who, ledger_now(session->ledger), &found))
        return;
    if (found.people.apart || found.people.customers > 1)
        sqlite3_log(SQLITE_WARNING, "reg_verify_login: a subject names several customers, and "
                                    "nobody can log in by it");
    else if (found.customer != 0)
        read_hash(session, found.customer, kept);
}

/* Whether the hash can be verified here and now: other settings, or an edited ledger, may have made
 * it one that cannot. */
static bool is_readable(const struct kept *kept, const struct password_limit *limit)
{
    struct hash hash;
    enum rule rule = hash_read(kept->hash, limit->firebase, &hash);
    if (rule == RULE_as_given && !hash_is_affordable(&hash, limit))
        rule = RULE_hash_cost;
    sodium_memzero(&hash, sizeof hash);
    if (rule != RULE_as_given)
        sqlite3_log(SQLITE_WARNING,
                    "reg_verify_login: the password hash of customer %lld cannot be verified: %s",
                    (long long)kept->customer,
                    rule == (enum rule)HASH_NO_MEMORY ? "out of memory" : rule_name(rule));
    return rule == RULE_as_given;
}

/* As the policy reads it, and as it was typed: see reg_verify_password. Both take their time for a
 * hash of nobody, too. */
static bool is_right(const struct settings *settings, const char *password, const char *form,
                     const char *hash)
{
    const struct password_limit *limit = &settings->password_limit;
    bool right = password_verify(form, strlen(form), hash, limit);
    if (!right && strcmp(form, password) != 0)
        right = password_verify(password, strlen(password), hash, limit);
    return right;
}

/* That it is not written is no reason to refuse a customer. */
static void renew(struct session *session, const struct kept *kept, const char *hash)
{
    struct ledger *ledger = session->ledger;
    ledger_begin(ledger);
    struct ledger_statement *update = ledger_use(ledger, STATEMENT_renew_password);
    ledger_set_integer(update, ":customer", kept->customer);
    ledger_set_text(update, ":verified", kept->hash);
    ledger_set_text(update, ":password_hash", hash);
    ledger_run(update);
    ledger_end(ledger);
    int code = ledger_failed(ledger) ? ledger_code(ledger) & 0xff : SQLITE_OK;
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED && code != SQLITE_READONLY)
        return;
    sqlite3_log(SQLITE_WARNING, "reg_verify_login: customer %lld keeps the old hash: %s",
                (long long)kept->customer, ledger_error(ledger));
    ledger_forgive(ledger);
}

bool login_verify(struct session *session, const char *subject, const char *password)
{
    struct kept kept;
    char renewed[PASSWORD_STORED_SIZE];
    bool right = false;
    find(session, subject, &kept);
    const struct settings *settings = session_settings(session);
    char *form = settings == NULL || ledger_failed(session->ledger)
                     ? NULL
                     : policy_form(&settings->policy, password);
    if (form == NULL) {
        if (!ledger_failed(session->ledger))
            ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
        sodium_memzero(&kept, sizeof kept);
        return false;
    }
    if (kept.customer == 0 || !is_readable(&kept, &settings->password_limit)) {
        password_decoy(settings->password_cost, kept.hash);
        kept.customer = 0;
    }
    right = is_right(settings, password, form, kept.hash) && kept.customer != 0;
    if (right &&
        password_needs_rehash(kept.hash, settings->password_cost, &settings->password_limit) &&
        password_hash(form, strlen(form), settings->password_cost, renewed))
        renew(session, &kept, renewed);
    policy_wipe_form(form);
    sodium_memzero(&kept, sizeof kept);
    sodium_memzero(renewed, sizeof renewed);
    return right && !ledger_failed(session->ledger);
}
