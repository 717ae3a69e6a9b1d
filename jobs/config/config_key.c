/* SPDX-License-Identifier: MIT */
/* config_key.c: the table of the configuration's keys. */
#include "config/config_key.h"
#include "config/config.h"

#include <assert.h>
#include <string.h>

#define AT(member) offsetof(struct config, member)

/* One key, one row. */
/* clang-format off */
#define COUNT(section, name, member, low, high, initial) \
    {section, name, CONFIG_KIND_COUNT, AT(member), low, high, NULL, initial}

/* How fast, how long and how often: the same keys for every destination. */
#define PACE(section, member, per_second, at_once) \
    {section, "rate", CONFIG_KIND_RATE, AT(member.pace.rate), 0, 100000, NULL, per_second}, \
    COUNT(section, "concurrency", member.pace.concurrency, 1, 1000, at_once), \
    COUNT(section, "connect_seconds", member.patience.connect_seconds, 1, 300, "10"), \
    COUNT(section, "transfer_seconds", member.patience.transfer_seconds, 1, 3600, "60"), \
    COUNT(section, "idle_seconds", member.patience.idle_seconds, 1, 300, "30"), \
    COUNT(section, "tries", member.patience.tries, 1, 1000, "10"), \
    COUNT(section, "pause_seconds", member.patience.pause_seconds, 1, 86400, "30"), \
    COUNT(section, "longest_pause_seconds", member.patience.longest_pause_seconds, 1, 604800, "3600")

const struct config_key config_keys[] = {
    {"ledger", "path", CONFIG_KIND_LEDGER, AT(ledger), 0, 0, NULL, "ledger.db"},
    {"ledger", "key_file", CONFIG_KIND_PATH, AT(key_file), 0, 0, NULL, ""},
    {"ledger", "user", CONFIG_KIND_TEXT, AT(cluster.user), 0, 0, NULL, ""},
    {"ledger", "password_file", CONFIG_KIND_SECRET_FILE, AT(cluster.password), 0, 0, NULL, ""},
    {"ledger", "password_env", CONFIG_KIND_SECRET_ENV, AT(cluster.password), 0, 0, NULL, ""},
    {"ledger", "password", CONFIG_KIND_REFUSED, AT(cluster.password), 0, 0,
     "password_file or password_env", ""},
    {"ledger", "ca_file", CONFIG_KIND_PATH, AT(cluster.ca_file), 0, 0, NULL, ""},
    {"ledger", "state", CONFIG_KIND_PATH, AT(cluster.state), 0, 0, NULL, "state"},
    COUNT("ledger", "keep_failed_days", keep_failed_days, 0, 36500, "0"),
    COUNT("ledger", "keep_details_days", keep_details_days, 0, 36500, "0"),
    COUNT("ledger", "busy_timeout_ms", busy_timeout_ms, 0, 600000, "15000"),
    COUNT("ledger", "run_seconds", run_seconds, 0, 604800, "3600"),
    {"ledger", "metrics", CONFIG_KIND_PATH, AT(metrics), 0, 0, NULL, ""},

    {"import", "inbox", CONFIG_KIND_PATH, AT(import.inbox), 0, 0, NULL, ""},
    {"import", "confirm_inbox", CONFIG_KIND_PATH, AT(import.confirm_inbox), 0, 0, NULL, ""},
    COUNT("import", "done_keep_days", import.done_keep_days, 0, 3650, "30"),
    COUNT("import", "batch", import.batch, 1, 1000000, "200000"),
    COUNT("import", "workers", import.workers, 0, 256, "0"),
    {"import", "max_field_bytes", CONFIG_KIND_SIZE, AT(import.max_field_bytes), 1024, 1073741824,
     NULL, "1M"},
    COUNT("import", "settle_seconds", import.settle_seconds, 0, 86400, "10"),
    COUNT("import", "file_seconds", import.file_seconds, 0, 604800, "900"),
    COUNT("import", "max_expansion", import.max_expansion, 0, 1000000, "100"),
    {"import", "max_rejects_bytes", CONFIG_KIND_SIZE, AT(import.max_rejects_bytes), 0,
     1099511627776, NULL, "256M"},
    COUNT("import", "unusual_failures", import.unusual_failures, 0, 1000, "3"),
    {"import", "profile", CONFIG_KIND_PROFILE, AT(import.profile), 0, 0, NULL, ""},
    {"import", "encoding", CONFIG_KIND_CHOICE, AT(import.encoding), 0, 0,
     "auto|utf-8|utf-16le|utf-16be|windows-1252|latin-1", "auto"},
    {"import", "separator", CONFIG_KIND_CHOICE, AT(import.separator), 0, 0,
     "auto|comma|semicolon|tab", "auto"},
    {"import", "strict", CONFIG_KIND_SWITCH, AT(import.strict), 0, 0, "no|yes", "no"},

    {"mail", "url", CONFIG_KIND_URL, AT(mail.url), 0, 0, "smtp|smtps|file", "file:mail"},
    {"mail", "from", CONFIG_KIND_ADDRESS, AT(mail.from), 0, 0, NULL, "registration@localhost"},
    {"mail", "username", CONFIG_KIND_TEXT, AT(mail.username), 0, 0, NULL, ""},
    {"mail", "password_file", CONFIG_KIND_SECRET_FILE, AT(mail.password), 0, 0, NULL, ""},
    {"mail", "password_env", CONFIG_KIND_SECRET_ENV, AT(mail.password), 0, 0, NULL, ""},
    {"mail", "password", CONFIG_KIND_REFUSED, AT(mail.password), 0, 0,
     "password_file or password_env", ""},
    {"mail", "tls", CONFIG_KIND_CHOICE, AT(mail.tls), 0, 0, "required|optional|none", "required"},
    {"mail", "ca_file", CONFIG_KIND_PATH, AT(mail.ca_file), 0, 0, NULL, ""},
    {"mail", "templates", CONFIG_KIND_PATH, AT(mail.templates), 0, 0, NULL, ""},
    {"mail", "helo_name", CONFIG_KIND_TEXT, AT(mail.helo_name), 0, 0, NULL, ""},
    {"mail", "message_domain", CONFIG_KIND_TEXT, AT(mail.message_domain), 0, 0, NULL, ""},
    PACE("mail", mail, "10", "5"),

    {"sms", "url", CONFIG_KIND_URL, AT(sms.url), 0, 0, "https|(http)|file", "file:sms"},
    {"sms", "profile", CONFIG_KIND_CHOICE, AT(sms.profile), 0, 0, "json|form|twilio", "json"},
    {"sms", "from", CONFIG_KIND_TEXT, AT(sms.from), 0, 0, NULL, ""},
    {"sms", "body", CONFIG_KIND_TEXT, AT(sms.body), 0, 0, NULL, ""},
    {"sms", "headers", CONFIG_KIND_HEADERS, AT(sms.headers), 0, 0, NULL, ""},
    {"sms", "username", CONFIG_KIND_TEXT, AT(sms.username), 0, 0, NULL, ""},
    {"sms", "token_file", CONFIG_KIND_SECRET_FILE, AT(sms.token), 0, 0, NULL, ""},
    {"sms", "token_env", CONFIG_KIND_SECRET_ENV, AT(sms.token), 0, 0, NULL, ""},
    {"sms", "token", CONFIG_KIND_REFUSED, AT(sms.token), 0, 0, "token_file or token_env", ""},
    {"sms", "password", CONFIG_KIND_REFUSED, AT(sms.token), 0, 0, "token_file or token_env", ""},
    {"sms", "success", CONFIG_KIND_STATUS_RANGE, AT(sms.success_low), 100, 599, NULL, "200-299"},
    {"sms", "success_body", CONFIG_KIND_TEXT, AT(sms.success_body), 0, 0, NULL, ""},
    {"sms", "ca_file", CONFIG_KIND_PATH, AT(sms.ca_file), 0, 0, NULL, ""},
    {"sms", "templates", CONFIG_KIND_PATH, AT(sms.templates), 0, 0, NULL, ""},
    {"sms", "web_domain", CONFIG_KIND_TEXT, AT(sms.web_domain), 0, 0, NULL, ""},
    PACE("sms", sms, "20", "10"),

    {"fraud", "url", CONFIG_KIND_URL, AT(fraud.url), 0, 0, "https|(http)", ""},
    {"fraud", "token_file", CONFIG_KIND_SECRET_FILE, AT(fraud.token), 0, 0, NULL, ""},
    {"fraud", "token_env", CONFIG_KIND_SECRET_ENV, AT(fraud.token), 0, 0, NULL, ""},
    {"fraud", "token", CONFIG_KIND_REFUSED, AT(fraud.token), 0, 0, "token_file or token_env", ""},
    {"fraud", "ca_file", CONFIG_KIND_PATH, AT(fraud.ca_file), 0, 0, NULL, ""},
    {"fraud", "proxy", CONFIG_KIND_URL, AT(fraud.proxy), 0, 0, "http|https|socks5|socks5h", ""},
    {"fraud", "sandbox", CONFIG_KIND_SWITCH, AT(fraud.sandbox), 0, 0, "no|yes", "no"},
    {"fraud", "backfill", CONFIG_KIND_SWITCH, AT(fraud.backfill), 0, 0, "no|yes", "no"},
    {"fraud", "on_429", CONFIG_KIND_SWITCH, AT(fraud.retry_429), 0, 0, "accepted|retry",
     "accepted"},
    COUNT("fraud", "min_latency_ms", fraud.min_latency_ms, 0, 60000, "0"),
    PACE("fraud", fraud, "20", "10"),

    {"reconcile", "inbox", CONFIG_KIND_PATH, AT(reconcile.inbox), 0, 0, NULL, ""},
    {"reconcile", "date_column", CONFIG_KIND_TEXT, AT(reconcile.date_column), 0, 0, NULL, ""},
    {"reconcile", "outcome_column", CONFIG_KIND_TEXT, AT(reconcile.outcome_column), 0, 0, NULL, ""},
    {"reconcile", "count_column", CONFIG_KIND_TEXT, AT(reconcile.count_column), 0, 0, NULL, ""},
    {"reconcile", "success_column", CONFIG_KIND_TEXT, AT(reconcile.success_column), 0, 0, NULL, ""},
    {"reconcile", "failure_column", CONFIG_KIND_TEXT, AT(reconcile.failure_column), 0, 0, NULL, ""},
};
/* clang-format on */

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

static_assert(sizeof config_keys / sizeof config_keys[0] <= CONFIG_KEYS_MOST,
              "CONFIG_KEYS_MOST must hold every key");

const struct config_key *config_key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].section, section) == 0 &&
            strcmp(config_keys[i].name, name) == 0) {
            return &config_keys[i];
        }
    }
    return NULL;
}
