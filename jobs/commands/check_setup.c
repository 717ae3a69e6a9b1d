/* SPDX-License-Identifier: MIT */
/* check_setup.c: what a first evening needs to know: can the job do its work here? One line for
 * each thing; nothing is written or sent. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "config/nodes.h"
#include "rqlite/cluster.h"
#include "channels/fraud.h"
#include "channels/mail.h"
#include "channels/reach.h"
#include "channels/sms.h"
#include "commands/commands.h"
#include "config/url.h"
#include "ledger/ledger_time.h"
#include "ledger/snapshot.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/document.h"
#include "values/moment.h"
#include "values/time_units.h"

enum { DETAIL = 1200, STEPS_BETWEEN_LOOKS = 100000, LEDGER_SHARE = 4 };
static const uint64_t LEAST_FREE_BYTES = 256ULL << 20;

struct checkup {
    struct job *job;
    json_t *findings; /* NULL: lines for people */
    bool all_good;
};

__attribute__((format(printf, 4, 5))) static void tell(struct checkup *checkup, const char *name,
                                                       bool good, const char *format, ...)
{
    char detail[DETAIL];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    checkup->all_good = checkup->all_good && good;
    if (checkup->findings == NULL)
        say_line("%-6s  %-9s  %s", good ? "ok" : "failed", name, detail);
    else
        json_array_append_new(checkup->findings, json_pack("{s:s, s:b, s:s}", "check", name, "ok",
                                                           good, "detail", detail));
}

/* -- the ledger -- */

static int look_up(void *unused)
{
    (void)unused;
    return stop_asked();
}

static void check_integrity(struct checkup *checkup)
{
    struct ledger *ledger = checkup->job->session->ledger;
    sqlite3_progress_handler(checkup->job->database, STEPS_BETWEEN_LOOKS, look_up, NULL);
    bool sound = ledger_is_sound(ledger);
    sqlite3_progress_handler(checkup->job->database, 0, NULL, NULL);
    tell(checkup, "integrity", sound, "%s",
         sound ? "every page and index of the ledger is sound" : ledger_error(ledger));
    ledger_forgive(ledger);
}

static void check_key(struct checkup *checkup)
{
    struct session *session = checkup->job->session;
    bool good = session_key(session) != NULL;
    tell(checkup, "key", good, "%s",
         good ? "private, of the right length" : ledger_error(session->ledger));
    ledger_forgive(session->ledger);
}

static void check_clock(struct checkup *checkup)
{
    struct timex kernel = {0};
    struct ledger *ledger = checkup->job->session->ledger;
    char here[MOMENT_SIZE], there[MOMENT_SIZE];
    int64_t newest = ledger_number(ledger, STATEMENT_newest_entry_or_run, 0), now = moment_now();
    bool synchronised = adjtimex(&kernel) != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
    moment_format(now, here);
    moment_format(newest, there);
    if (newest - now > LEDGER_TIME_AGREES_MS)
        tell(checkup, "clock", false, "%s, but the ledger's newest entry is from %s", here, there);
    else
        tell(checkup, "clock", true, "%s, %s", here,
             synchronised ? "synchronised"
                          : "which the kernel does not know to be synchronised (NTP)");
}

/* What a night may write: an import's log is as large as what it adds. */
static void check_disk(struct checkup *checkup)
{
    const char *path = sqlite3_db_filename(checkup->job->database, "main");
    struct statvfs disk;
    struct stat facts;
    enum { MIB_SHIFT = 20 };
    if (statvfs(path, &disk) != 0 || stat(path, &facts) != 0) {
        tell(checkup, "disk", false, "%s: %s", path, strerror(errno));
        return;
    }
    uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize, size = (uint64_t)facts.st_size;
    uint64_t wanted =
        size / LEDGER_SHARE > LEAST_FREE_BYTES ? size / LEDGER_SHARE : LEAST_FREE_BYTES;
    tell(checkup, "disk", left >= wanted,
         "%" PRIu64 " MiB free beside a ledger of %" PRIu64 " MiB; a night wants %" PRIu64,
         left >> MIB_SHIFT, size >> MIB_SHIFT, wanted >> MIB_SHIFT);
}

/* Opening it looks at nodes, clocks and the key. */
static void check_cluster(struct checkup *checkup)
{
    struct job *job = checkup->job;
    bool good = cluster_open(job, false) == EXIT_DONE;
    if (good)
        tell(checkup, "ledger", true, "%s: version %d", job->config.ledger, ledger_version());
    else
        tell(checkup, "ledger", false, "%s: cannot be used: the message above says why",
             job->config.ledger);
}

static void check_ledger(struct checkup *checkup)
{
    struct job *job = checkup->job;
    if (nodes_are(job->config.ledger)) {
        check_cluster(checkup);
        return;
    }
    if (job_open(job, false) != EXIT_DONE) {
        tell(checkup, "ledger", false, "%s: cannot be used: the message above says why",
             job->config.ledger);
        return;
    }
    bool snapshot = ledger_is_snapshot(job->session->ledger);
    tell(checkup, "ledger", !snapshot, "%s: version %d%s", job->config.ledger, ledger_version(),
         snapshot ? ", a snapshot, which is for reading alone" : "");
    check_integrity(checkup);
    check_key(checkup);
    check_clock(checkup);
    check_disk(checkup);
}

/* -- folders -- */

static void check_folder(struct checkup *checkup, const char *name, const char *path)
{
    struct stat facts;
    if (path[0] == '\0')
        return;
    bool there = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    bool good = there && faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
    tell(checkup, name, good, "%s%s%s", path, good ? "" : ": ",
         good    ? ""
         : there ? "this user may not read and write there"
                 : "there is no such folder");
}

/* The folder of a file that is replaced as a whole. */
static void check_metrics(struct checkup *checkup)
{
    char folder[CONFIG_TEXT];
    snprintf(folder, sizeof folder, "%s", checkup->job->config.metrics);
    char *slash = strrchr(folder, '/');
    if (folder[0] == '\0')
        return;
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    check_folder(checkup, "metrics", slash == NULL ? "." : folder);
}

/* -- servers -- */

static void reach(struct checkup *checkup, const char *name, const char *url,
                  const struct transfer_channel *channel, const struct config_patience *patience)
{
    char server[CONFIG_TEXT], text[TRANSFER_TEXT];
    url_server(url, server, sizeof server);
    if (channel->local) {
        tell(checkup, name, true, "messages become files in %s", server);
    } else {
        bool good = reach_server(channel, patience, text);
        tell(checkup, name, good, "%s: %s", server, text);
    }
}

static void check_mail(struct checkup *checkup)
{
    const struct config_mail *config = &checkup->job->config.mail;
    struct error error;
    struct mail *mail = mail_open(config, &error);
    struct transfer_channel channel;
    if (mail == NULL) {
        tell(checkup, "mail", false, "%s", error.text);
        return;
    }
    channel = mail_channel(mail);
    reach(checkup, "mail", config->url, &channel, &config->patience);
    mail_close(mail);
}

static void check_sms(struct checkup *checkup)
{
    const struct config_sms *config = &checkup->job->config.sms;
    struct error error;
    struct sms *sms = sms_open(config, &error);
    struct transfer_channel channel;
    if (sms == NULL) {
        tell(checkup, "sms", false, "%s", error.text);
        return;
    }
    channel = sms_channel(sms);
    reach(checkup, "sms", config->url, &channel, &config->patience);
    sms_close(sms);
}

static void check_fraud(struct checkup *checkup)
{
    const struct config_fraud *config = &checkup->job->config.fraud;
    struct error error;
    if (config->url[0] == '\0') {
        tell(checkup, "fraud", true, "none is configured: outcomes are queued and not reported");
        return;
    }
    struct fraud *fraud = fraud_open(config, &error);
    if (fraud == NULL) {
        tell(checkup, "fraud", false, "%s", error.text);
        return;
    }
    struct transfer_channel channel = fraud_channel(fraud);
    reach(checkup, "fraud", config->url, &channel, &config->patience);
    fraud_close(fraud);
}

/* -- all -- */

static bool show_json(json_t *findings)
{
    json_t *document = json_pack("{s:O}", "checks", findings);
    char *text = document == NULL ? NULL : document_text(document, JSON_INDENT(2));
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    }
    free(text);
    json_decref(document);
    return text != NULL;
}

static void (*const checks[])(struct checkup *checkup) = {check_ledger, check_mail, check_sms,
                                                          check_fraud};

enum exit_code check_setup(struct job *job)
{
    struct checkup checkup = {.job = job, .all_good = true};
    const struct config *config = &job->config;
    enum exit_code status = EXIT_DONE;
    if (job->options.format != NULL && (checkup.findings = json_array()) == NULL) {
        say_error("out of memory");
        return EXIT_RETRY;
    }
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !stop_asked(); i++)
        checks[i](&checkup);
    check_folder(&checkup, "inbox", config->import.inbox);
    check_folder(&checkup, "confirm", config->import.confirm_inbox);
    check_folder(&checkup, "reconcile", config->reconcile.inbox);
    check_metrics(&checkup);
    if (checkup.findings != NULL && !show_json(checkup.findings)) {
        say_error("out of memory");
        status = EXIT_RETRY;
    }
    json_decref(checkup.findings);
    status = job_worse(status, job_stopped("check", "not everything was looked at"));
    return checkup.all_good ? status : EXIT_RETRY;
}
