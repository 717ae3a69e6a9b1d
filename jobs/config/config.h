/* SPDX-License-Identifier: MIT */
/* config.h: the job's configuration: an INI file, every key with its default, every value checked.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/error.h"

enum { CONFIG_TEXT = 1024, CONFIG_SANDBOX_RATE = 5 };

/* How fast a destination may be called. */
struct config_pace {
    double rate;          /* starts a second, 0: without pace */
    unsigned concurrency; /* at once, 1 to 1000 */
};

/* Time limits of one call, and how often it is tried again. */
struct config_patience {
    unsigned connect_seconds;       /* 1 to 300 */
    unsigned transfer_seconds;      /* whole call, 1 to 3600 */
    unsigned idle_seconds;          /* no byte for so long ends it, 1 to 300 */
    unsigned tries;                 /* 1 to 1000 */
    unsigned pause_seconds;         /* 1 to 86400, before the second try; doubles, with jitter */
    unsigned longest_pause_seconds; /* 1 to 604800, at least pause_seconds */
};

enum config_tls { CONFIG_TLS_REQUIRED, CONFIG_TLS_OPTIONAL, CONFIG_TLS_NONE };

struct config_mail {
    char url[CONFIG_TEXT]; /* smtp://HOST:PORT, smtps://HOST:PORT or file:DIR (a Maildir), the
                              default being file:mail */
    char from[CONFIG_TEXT];
    char username[CONFIG_TEXT];
    char password[CONFIG_TEXT]; /* from password_file or password_env; in memory that is wiped by
                                   config_end() */
    enum config_tls tls;        /* STARTTLS for smtp:// */
    char ca_file[CONFIG_TEXT];
    char templates[CONFIG_TEXT]; /* folder of message templates; "": the built-in texts */
    char helo_name[CONFIG_TEXT]; /* what we call ourselves to the server; "": this host's name */
    char message_domain[CONFIG_TEXT]; /* right-hand side of Message-ID; "": that of `from` */
    struct config_pace pace;          /* default 10 a second, 5 at once */
    struct config_patience patience;
};

enum config_sms_profile { CONFIG_SMS_JSON, CONFIG_SMS_FORM, CONFIG_SMS_TWILIO };

struct config_sms {
    char url[CONFIG_TEXT]; /* http(s)://... or file:DIR, default file:sms */
    enum config_sms_profile profile;
    char from[CONFIG_TEXT];
    char body[CONFIG_TEXT]; /* template of the request's body: {to} {from} {text}, each encoded for
                               the profile; "": the profile's usual one */
    char headers[CONFIG_TEXT]; /* `Name: value` separated by | */
    char username[CONFIG_TEXT];
    char token[CONFIG_TEXT]; /* from token_file or token_env: the password beside `username`, else a
                                bearer token */
    unsigned success_low, success_high; /* HTTP status taken for success, default 200 to 299 */
    char success_body[CONFIG_TEXT];     /* what its body must then say: a POSIX ERE, or
                                           /JSON/POINTER=TEXT;
                                           "": anything but a page of HTML */
    char ca_file[CONFIG_TEXT];
    char templates[CONFIG_TEXT];
    char web_domain[CONFIG_TEXT]; /* adds the last line `@DOMAIN #CODE` where set */
    struct config_pace pace;
    struct config_patience patience;
};

struct config_fraud {
    char url[CONFIG_TEXT];   /* https://..., http:// only to a loopback address; "": none */
    char token[CONFIG_TEXT]; /* from token_file or token_env */
    char ca_file[CONFIG_TEXT];
    char proxy[CONFIG_TEXT];
    bool sandbox;            /* the vendor's sandbox: its lower rate is the default */
    bool backfill;           /* POST {url}/v2/backfill/registration */
    bool retry_429;          /* on_429 = accepted (default, by the vendor's rule) or retry */
    unsigned min_latency_ms; /* header Ravelin-Min-Latency, for the vendor's sandbox; 0: not sent */
    struct config_pace pace; /* default 20 a second, 10 at once; 5 a second where sandbox = yes */
    struct config_patience patience;
};

/* In the order of enum recode_encoding. */
enum config_encoding {
    CONFIG_ENCODING_AUTO,
    CONFIG_UTF_8,
    CONFIG_UTF_16LE,
    CONFIG_UTF_16BE,
    CONFIG_WINDOWS_1252,
    CONFIG_LATIN_1
};

enum config_separator { CONFIG_SEPARATOR_AUTO, CONFIG_COMMA, CONFIG_SEMICOLON, CONFIG_TAB };

struct config_import {
    char inbox[CONFIG_TEXT];         /* folder of *.csv that `nightly` imports; "" for none */
    char confirm_inbox[CONFIG_TEXT]; /* folder of confirmations */
    unsigned done_keep_days;         /* default 30 */
    unsigned batch;                  /* rows a transaction, 1 to 1000000, default 200000 */
    unsigned workers;                /* 0: one a core */
    uint64_t max_field_bytes;        /* default 1 MiB, 1 KiB to 1 GiB */
    bool strict;                     /* unknown columns are refused */
    char profile[CONFIG_TEXT];       /* a built-in one's name, or a path; "": as is recognised */
    enum config_encoding encoding;   /* of files without a byte order mark; default auto: UTF-8 */
    enum config_separator separator; /* of CSV files; default auto: as the file says */
    unsigned settle_seconds;    /* a file in an inbox that was written later waits; default 10 */
    unsigned file_seconds;      /* time for one file of an inbox or folder; 0: no limit.
                                   Default 900 */
    unsigned max_expansion;     /* times its size that a compressed or sparse file may hold
                                   beyond what is never too much; 0: no limit. Default 100 */
    unsigned unusual_failures;  /* so many times the usual share of failures is said; 0: never.
                                   Default 3 */
    uint64_t max_rejects_bytes; /* of one import's rejects so many are kept, default 256 MiB */
};

struct config_reconcile {
    char inbox[CONFIG_TEXT];       /* folder of exports that `nightly` compares; "" for none */
    char date_column[CONFIG_TEXT]; /* what the vendor calls its columns; "": date, outcome, ... */
    char outcome_column[CONFIG_TEXT];
    char count_column[CONFIG_TEXT];
    char success_column[CONFIG_TEXT];
    char failure_column[CONFIG_TEXT];
};

/* A ledger on a cluster of rqlite nodes. */
struct config_cluster {
    char user[CONFIG_TEXT];
    char password[CONFIG_TEXT]; /* from password_file or password_env */
    char ca_file[CONFIG_TEXT];
    char state[CONFIG_TEXT]; /* folder of what lies beside a ledger in a file: locks, rejects */
};

struct config {
    char ledger[CONFIG_TEXT]; /* default ledger.db; or nodes, see nodes.h */
    struct config_cluster cluster;
    char key_file[CONFIG_TEXT]; /* "": $REG_KEY_FILE, else LEDGER.key */
    unsigned busy_timeout_ms;   /* default 15000 */
    unsigned keep_failed_days;  /* personal data of attempts that failed; 0: for ever. Default 0 */
    unsigned keep_details_days; /* what runs and tries said in words; 0: for ever. Default 0 */
    unsigned run_seconds;       /* time limit of one run of one step; 0: none. Default 3600 */
    char metrics[CONFIG_TEXT];  /* OpenMetrics file written at the end of a run; "": none */
    struct config_import import;
    struct config_mail mail;
    struct config_sms sms;
    struct config_fraud fraud;
    struct config_reconcile reconcile;
};

/* Everything at its default; relative paths are relative to the current folder. */
void config_defaults(struct config *config);

/*
 * Fills `config` from the file `path`, and what it does not name from the defaults. Relative paths,
 * those of the defaults too, are relative to the folder of `path`. False: `error` names file, line,
 * key and the allowed values, never a secret. A file that holds a secret must not be readable by
 * others. The caller ends `config` with config_end() either way.
 */
bool config_read(struct config *config, const char *path, struct error *error);

/* Wipes the secrets. */
void config_end(struct config *config);

#endif
