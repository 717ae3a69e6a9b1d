/* SPDX-License-Identifier: MIT */
/* test_config.c: the configuration: every key, its default, its limits, and what is said of a wrong
 * one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/config.h"
#include "config/config_key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct config config;
static struct error error;

static void path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text, size_t length, mode_t mode)
{
    char path[256];

    path_of(path, sizeof path, name);
    unlink(path);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, length), length);
    assert_int_equal(fchmod(descriptor, mode), 0);
    close(descriptor);
}

static bool read_bytes(const char *text, size_t length)
{
    char path[256];

    write_file("regjob.conf", text, length, 0644);
    path_of(path, sizeof path, "regjob.conf");
    error = (struct error){0};
    return config_read(&config, path, &error);
}

static bool read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* `text` is refused, and the message is FOLDER/regjob.conf and then `message`, word for word. */
static void refused(const char *text, const char *message)
{
    char expected[2200];

    assert_false(read_text(text));
    snprintf(expected, sizeof expected, "%s/regjob.conf%s", folder, message);
    assert_string_equal(error.text, expected);
}

static void accepted(const char *text)
{
    if (!read_text(text)) {
        fail_msg("%s refused: %s", text, error.text);
    }
}

static void in_folder(const char *path, const char *prefix, const char *name)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%s%s/%s", prefix, folder, name);
    assert_string_equal(path, expected);
}

static void defaults_are_those_promised(void **state)
{
    (void)state;
    config_defaults(&config);
    assert_string_equal(config.ledger, "ledger.db");
    assert_string_equal(config.key_file, "");
    assert_int_equal(config.busy_timeout_ms, 15000);
    assert_int_equal(config.run_seconds, 3600);
    assert_int_equal(config.import.done_keep_days, 30);
    assert_int_equal(config.import.batch, 200000);
    assert_int_equal(config.import.workers, 0);
    assert_int_equal(config.import.max_field_bytes, 1048576);
    assert_false(config.import.strict);
    assert_int_equal(config.import.settle_seconds, 10);
    assert_int_equal(config.import.file_seconds, 900);
    assert_int_equal(config.import.max_expansion, 100);
    assert_int_equal(config.import.max_rejects_bytes, 268435456);
    assert_string_equal(config.mail.url, "file:mail");
    assert_int_equal(config.mail.tls, CONFIG_TLS_REQUIRED);
    assert_true(config.mail.pace.rate == 10 && config.mail.pace.concurrency == 5);
    assert_int_equal(config.sms.profile, CONFIG_SMS_JSON);
    assert_int_equal(config.sms.success_low, 200);
    assert_int_equal(config.sms.success_high, 299);
    assert_true(config.sms.pace.rate == 20 && config.sms.pace.concurrency == 10);
    assert_true(config.fraud.pace.rate == 20 && config.fraud.pace.concurrency == 10);
    assert_false(config.fraud.retry_429);
    assert_int_equal(config.fraud.patience.connect_seconds, 10);
    assert_int_equal(config.fraud.patience.transfer_seconds, 60);
    assert_int_equal(config.fraud.patience.idle_seconds, 30);
    assert_int_equal(config.fraud.patience.tries, 10);
    assert_int_equal(config.fraud.patience.pause_seconds, 30);
    assert_int_equal(config.fraud.patience.longest_pause_seconds, 3600);
}

/* Every default of the table is a value that the file may hold. */
static void every_default_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->kind != CONFIG_KIND_REFUSED &&
            !config_key_set(key, &config, key->initial, "", &error)) {
            fail_msg("[%s] %s = %s: %s", key->section, key->name, key->initial, error.text);
        }
    }
}

/* Each key reaches its own member: set alone, it changes that part of the struct and no other. */
static void every_key_has_its_own_place(void **state)
{
    (void)state;
    static struct config before;
    write_file("secret", "geheim\n", 7, 0600);
    assert_int_equal(setenv("TEST_CONFIG_SECRET", "geheim", 1), 0);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        const char *value = "7";
        switch (key->kind) {
        case CONFIG_KIND_ADDRESS:
            value = "a@b.example";
            break;
        case CONFIG_KIND_HEADERS:
            value = "X-Key: 7";
            break;
        case CONFIG_KIND_URL:
            value = strcmp(key->section, "mail") == 0 ? "smtps://h.example" : "https://h.example";
            break;
        case CONFIG_KIND_SIZE:
            value = "7K";
            break;
        case CONFIG_KIND_SWITCH:
        case CONFIG_KIND_CHOICE:
            value = strstr(key->words, "|") + 1;
            break;
        case CONFIG_KIND_STATUS_RANGE:
            value = "201-202";
            break;
        case CONFIG_KIND_SECRET_FILE:
            value = "secret";
            break;
        case CONFIG_KIND_SECRET_ENV:
            value = "TEST_CONFIG_SECRET";
            break;
        case CONFIG_KIND_REFUSED:
            continue;
        default:
            break;
        }
        char first[64];
        char prefix[80];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(value, "|"), value);
        snprintf(prefix, sizeof prefix, "%s/", folder);
        config_defaults(&config);
        before = config;
        if (!config_key_set(key, &config, first, prefix, &error)) {
            fail_msg("[%s] %s = %s: %s", key->section, key->name, first, error.text);
        }
        const char *old = (const char *)&before;
        const char *new = (const char *)&config;
        assert_memory_equal(old, new, key->offset);
        assert_memory_not_equal(old + key->offset, new + key->offset, 8);
        config_end(&config);
    }
}

static void a_file_fills_the_struct(void **state)
{
    (void)state;
    write_file("token", "t0ken\r\n", 7, 0600);
    accepted("\xEF\xBB\xBF# comment\n[ledger]\r\npath = data/reg.db\nkey_file=/etc/reg.key\n"
             "run_seconds : 0\n[import]\nmax_field_bytes = 2K\nstrict = yes\n"
             "[mail]\nurl = smtp://mail.example:587\nfrom = Shop; Ltd <noreply@shop.example>\n"
             "tls = none\nrate = 2.5\n"
             "[sms]\nsuccess = 202\nprofile = form\n"
             "[fraud]\nurl = https://api.example/\ntoken_file = token\non_429 = retry\n");
    in_folder(config.ledger, "", "data/reg.db");
    assert_string_equal(config.key_file, "/etc/reg.key");
    assert_int_equal(config.run_seconds, 0);
    assert_int_equal(config.import.max_field_bytes, 2048);
    assert_true(config.import.strict);
    assert_string_equal(config.mail.from, "Shop; Ltd <noreply@shop.example>");
    assert_string_equal(config.mail.message_domain, "");
    assert_int_equal(config.mail.tls, CONFIG_TLS_NONE);
    assert_true(config.mail.pace.rate == 2.5);
    assert_int_equal(config.sms.success_low, 202);
    assert_int_equal(config.sms.success_high, 202);
    assert_int_equal(config.sms.profile, CONFIG_SMS_FORM);
    in_folder(config.sms.url, "file:", "sms");
    assert_string_equal(config.fraud.url, "https://api.example");
    assert_string_equal(config.fraud.token, "t0ken");
    assert_true(config.fraud.retry_429);
    config_end(&config);
    for (size_t i = 0; i < sizeof config.fraud.token; i++) {
        assert_int_equal(config.fraud.token[i], 0);
    }
}

static void the_sandbox_has_a_lower_rate(void **state)
{
    (void)state;
    accepted("[fraud]\nsandbox = yes\n");
    assert_true(config.fraud.pace.rate == 5);
    accepted("[fraud]\nrate = 9\nsandbox = yes\n");
    assert_true(config.fraud.pace.rate == 9);
    accepted("[fraud]\nsandbox = no\n");
    assert_true(config.fraud.pace.rate == 20);
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    refused("[mail]\n\nrate = fast\n",
            ":3: [mail] rate = fast: expected a number from 0 to 100000");
    refused("[mail]\nrate = -1\n", ":2: [mail] rate = -1: expected a number from 0 to 100000");
    refused("[mail]\nrate = 1e3\n", ":2: [mail] rate = 1e3: expected a number from 0 to 100000");
    refused("[mail]\nrate = 100001\n",
            ":2: [mail] rate = 100001: expected a number from 0 to 100000");
    refused("[import]\nbatch = 0\n",
            ":2: [import] batch = 0: expected a whole number from 1 to 1000000");
    refused("[import]\nbatch = 18446744073709551617\n",
            ":2: [import] batch = 18446744073709551617: "
            "expected a whole number from 1 to 1000000");
    refused("[import]\nbatch =\n",
            ":2: [import] batch = : expected a whole number from 1 to 1000000");
    refused("[import]\nmax_field_bytes = 2G\n",
            ":2: [import] max_field_bytes = 2G: expected a size from 1K to 1G");
    refused("[import]\nmax_field_bytes = 1023\n",
            ":2: [import] max_field_bytes = 1023: expected a size from 1K to 1G");
    refused("[import]\nmax_field_bytes = 1KB\n",
            ":2: [import] max_field_bytes = 1KB: expected a size from 1K to 1G");
    refused("[import]\nstrict = true\n", ":2: [import] strict = true: expected no or yes");
    refused("[mail]\ntls = tls\n", ":2: [mail] tls = tls: expected required, optional or none");
    refused("[mail]\nfrom = shop\n",
            ":2: [mail] from = shop: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[mail]\nfrom = a@b, c@d\n",
            ":2: [mail] from = a@b, c@d: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[mail]\nfrom = Shop <a@b@c>\n",
            ":2: [mail] from = Shop <a@b@c>: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[mail]\nfrom = Shop <a@b> x\n",
            ":2: [mail] from = Shop <a@b> x: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[mail]\nfrom = @b\n",
            ":2: [mail] from = @b: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[mail]\nfrom = a@\n",
            ":2: [mail] from = a@: expected USER@DOMAIN or NAME <USER@DOMAIN>");
    refused("[sms]\nsuccess = 299-200\n", ":2: [sms] success = 299-200: expected an HTTP status or "
                                          "a range of them from 100 to 599, such as "
                                          "200-299");
    refused("[ledger]\npath =\n", ":2: [ledger] path = : expected a path, or nodes as "
                                  "https://HOST:4001, separated by commas");
    refused("[ledger]\npath = a\x1b[31mb\n", ":2: [ledger] path = a\x1b[31mb: expected a path, or "
                                             "nodes as https://HOST:4001, separated by commas");
    refused("[fraud]\npause_seconds = 60\nlongest_pause_seconds = 59\n",
            ":3: [fraud] longest_pause_seconds: longest_pause_seconds must not be below "
            "pause_seconds");
}

static void unknown_names_are_refused_with_the_nearest(void **state)
{
    (void)state;
    refused("[mial]\n", ":1: unknown section [mial]: did you mean [mail]?");
    refused("[mail] rate = 5\n", ":1: nothing may follow a [section] on its line");
    refused("[mail]\nconcurency = 5\n",
            ":2: [mail] unknown key concurency: did you mean concurrency?");
    refused("[sms]\non_429 = retry\n", ":2: [sms] unknown key on_429: it belongs to [fraud]");
    refused("rate = 5\n", ":1: rate comes before the first [section]: move it into one");
    refused("[mail]\nrate = 5\n[sms]\n[mail]\nrate = 6\n",
            ":5: [mail] rate is given twice, first in line 2");
    refused("[mail]\nrate\n", ":2: expected [section], key = value or a comment");
    refused("[mail\nrate = 5\n", ":1: expected [section], key = value or a comment");
}

static void lines_are_read_whole_or_refused(void **state)
{
    (void)state;
    char text[4000];
    char value[900];

    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    snprintf(text, sizeof text, "[sms]\nbody = %s\n", value);
    accepted(text);
    assert_string_equal(config.sms.body, value);

    snprintf(text, sizeof text, "[sms]\nbody = %s%s\n", value, value);
    assert_false(read_text(text));
    assert_non_null(strstr(error.text, ":2: [sms] body = xxx"));
    snprintf(text, sizeof text, "[sms]\nbody = %s%s%s\n", value, value, value);
    refused(text, ":2: a line is longer than 2046 bytes");

    assert_false(read_bytes("[mail]\nrate = 5\0000\n", 18));
    assert_non_null(strstr(error.text, ":2: a line has a NUL byte"));
    assert_false(read_bytes("[mail]\nrate = 5\0000", 17));
    assert_non_null(strstr(error.text, ":2: a line has a NUL byte"));

    accepted("[sms]\n  body = {\"a\": \"b ; c\"}\n  rate = 3"); /* no line end, indented */
    assert_string_equal(config.sms.body, "{\"a\": \"b ; c\"}");
    assert_true(config.sms.pace.rate == 3);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    char path[256];

    path_of(path, sizeof path, "none.conf");
    assert_false(config_read(&config, path, &error));
    assert_non_null(strstr(error.text, "none.conf: cannot be opened: No such file or directory"));
    assert_false(config_read(&config, folder, &error));
    assert_non_null(strstr(error.text, ": cannot be read: Is a directory"));
}

static void urls_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {
        "[mail]\nfrom = a@b\nurl = smtps://[2001:db8::1]:465",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example:587/",
        "[sms]\nurl = https://gateway.example:8443/send?a=b",
        "[sms]\nurl = http://127.0.0.1:8080/send",
        "[sms]\nurl = https://gateway.example",
        "[sms]\nurl = file:/var/sms",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://127.1.2.3:80",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://127.1", /* as libcurl reads it */
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://[::1]:8080",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://localhost:8080/base",
        "[fraud]\nproxy = socks5h://proxy.example:1080",
    };
    static const char *const bad[] = {
        "[mail]\nfrom = a@b\nurl = http://mail.example",
        "[mail]\nfrom = a@b\nurl = smtp:mail.example",
        "[mail]\nfrom = a@b\nurl = smtp://",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example:0",
        "[mail]\nfrom = a@b\nurl = smtp:///mail.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://128.1",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example:65536",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example:25x",
        "[mail]\nfrom = a@b\nurl = smtp://me:hunter2@mail.example",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example/x",
        "[mail]\nfrom = a@b\nurl = smtp://mail.example?x",
        "[mail]\nfrom = a@b\nurl = mail.example",
        "[mail]\nfrom = a@b\nurl = file:",
        "[mail]\nfrom = a@b\nurl =",
        "[sms]\nurl =",
        "[sms]\nurl = http://gateway.example",
        ("[sms]\nprofile = twilio\nusername = u\ntoken_env = TEST_CONFIG_SECRET\nfrom = x\n"
         "url = https://gateway.example?x=1"),
        "[sms]\nurl = ftp://gateway.example",
        "[sms]\nurl = http://gate way.example",
        "[sms]\nurl = http://gateway.example/#x",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://api.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://127.0.0.1.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://localhost.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://127.0.0.1@api.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://127.0.0.1\\@api.example",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://128.0.0.1",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://0.0.0.0",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://[::2]",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = http://[::1",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = file:reports",
        "[fraud]\ntoken_env = TEST_CONFIG_SECRET\nurl = https://api.example?x=1",
    };

    assert_int_equal(setenv("TEST_CONFIG_SECRET", "geheim", 1), 0);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        accepted(good[i]);
        config_end(&config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_text(bad[i])) {
            fail_msg("%s is accepted", bad[i]);
        }
        assert_null(strstr(error.text, "hunter2"));
        assert_non_null(strstr(error.text, "] url: "));
    }
    refused("[mail]\nurl = smtp://me:hunter2@mail.example\n",
            ":2: [mail] url: a URL must not hold a user name or password: there are keys for them");
    refused("[fraud]\nurl = http://api.example\n",
            ":2: [fraud] url: without encryption only this machine may be called (127.0.0.0/8, "
            "::1, localhost): use https://");
    refused("[fraud]\nurl = ftp://api.example\n",
            ":2: [fraud] url: expected https://HOST or http://HOST to this machine alone "
            "(127.0.0.0/8, ::1, localhost)");
    accepted("[mail]\nurl = file:///var/mail/out\n");
    assert_string_equal(config.mail.url, "file:/var/mail/out");
    accepted("[mail]\nurl = file:out box\n");
    in_folder(config.mail.url, "file:", "out box");
}

static void secrets_come_from_private_files(void **state)
{
    (void)state;
    char expected[512];

    write_file("secret", "hunter2\n", 8, 0600);
    accepted("[mail]\nusername = me\npassword_file = secret\n");
    assert_string_equal(config.mail.password, "hunter2");

    write_file("secret", "hunter2\n", 8, 0640);
    snprintf(expected, sizeof expected,
             ":3: [mail] password_file: %s/secret can be used by others (mode 640): chmod 600 it",
             folder);
    refused("[mail]\nusername = me\npassword_file = secret\n", expected);
    assert_string_equal(config.mail.password, "");

    write_file("secret", "hunter2\nhunter3\n", 16, 0600);
    snprintf(expected, sizeof expected,
             ":2: [fraud] token_file: %s/secret has a control character or more than one line",
             folder);
    refused("[fraud]\ntoken_file = secret\n", expected);
    write_file("secret", "\n", 1, 0600);
    snprintf(expected, sizeof expected, ":2: [fraud] token_file: %s/secret is empty", folder);
    refused("[fraud]\ntoken_file = secret\n", expected);

    char fifo[256];
    path_of(fifo, sizeof fifo, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    snprintf(expected, sizeof expected, ":2: [sms] token_file: %s is not a regular file", fifo);
    refused("[sms]\ntoken_file = fifo\n", expected);
    unlink(fifo);
    snprintf(expected, sizeof expected, ":2: [sms] token_file: %s: No such file or directory",
             fifo);
    refused("[sms]\ntoken_file = fifo\n", expected);
}

static void secrets_come_from_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("TEST_CONFIG_SECRET", "from env", 1), 0);
    accepted("[sms]\ntoken_env = TEST_CONFIG_SECRET\n");
    assert_string_equal(config.sms.token, "from env");
    assert_int_equal(unsetenv("TEST_CONFIG_SECRET"), 0);
    refused("[sms]\ntoken_env = TEST_CONFIG_SECRET\n",
            ":2: [sms] token_env: the environment variable TEST_CONFIG_SECRET is not set");
    refused("[sms]\ntoken_env = hunter-2\n",
            ":2: [sms] token_env: expected the name of an environment variable");
}

static void secrets_are_never_written_in_the_file(void **state)
{
    (void)state;
    refused("[mail]\npassword = hunter2\n",
            ":2: [mail] password: a secret is not written here: use password_file or password_env");
    refused("[sms]\ntoken = hunter2\n",
            ":2: [sms] token: a secret is not written here: use token_file or token_env");
    refused("[fraud]\ntoken = hunter2\n",
            ":2: [fraud] token: a secret is not written here: use token_file or token_env");
    assert_false(read_text("[sms]\nheaders = X-A: 1 | authorization: Bearer hunter2\n"));
    assert_null(strstr(error.text, "hunter2"));
    accepted("[sms]\nheaders = X-A: 1 | X-B: two words\n");

    write_file("secret", "hunter2\n", 8, 0600);
    assert_int_equal(setenv("TEST_CONFIG_SECRET", "geheim", 1), 0);
    refused("[sms]\ntoken_file = secret\ntoken_env = TEST_CONFIG_SECRET\n",
            ":3: [sms] token_file and token_env are both given: keep one of them");
    refused("[mail]\nusername = me\npassword_env = TEST_CONFIG_SECRET\npassword_file = secret\n",
            ":4: [mail] password_env and password_file are both given: keep one of them");
}

static void keys_that_need_each_other(void **state)
{
    (void)state;
    assert_int_equal(setenv("TEST_CONFIG_SECRET", "geheim", 1), 0);
    refused("[mail]\nurl = smtp://mail.example\n",
            ":2: [mail] url: also set from, the sender's address");
    refused("[mail]\nusername = me\n", ":2: [mail] username: username and a password "
                                       "(password_file or password_env) go together");
    refused("[mail]\npassword_env = TEST_CONFIG_SECRET\n",
            ":2: [mail] password_env: username and a password (password_file or password_env) go "
            "together");
    refused("[sms]\nusername = me\n", ":2: [sms] username: also set token_file or token_env");
    refused("[sms]\nprofile = twilio\nurl = https://gateway.example\n",
            ":2: [sms] profile: twilio needs username (the account), from, and token_file or "
            "token_env");
    refused("[fraud]\nurl = https://api.example\n",
            ":2: [fraud] url: also set token_file or token_env");
}

/* The sample names every key once, in its section, with its true default behind a `#`, or in use; a
 * line above explains it and gives the numbers of its range. */
static void the_sample_names_every_key(void **state)
{
    (void)state;
    bool found[CONFIG_KEYS_MOST] = {false};
    char section[32] = "";
    char line[256];

    FILE *sample = fopen("samples/regjob.conf", "r");
    assert_non_null(sample);
    while (fgets(line, sizeof line, sample) != NULL) {
        char name[64];
        char value[128] = "";
        if (sscanf(line, "[%31[a-z]]", section) == 1) {
            continue;
        }
        bool commented = line[0] == '#';
        const char *text = line + (commented ? 1 : 0);
        if (text[0] == ' ' || sscanf(text, "%63[a-z_0-9] = %127[^\n]", name, value) < 1 ||
            strncmp(text + strlen(name), " =", 2) != 0) {
            continue;
        }
        const struct config_key *key = config_key_find(section, name);
        if (key == NULL) {
            fail_msg("[%s] %s is in the sample, but no key", section, name);
            break;
        }
        assert_false(found[key - config_keys]);
        found[key - config_keys] = true;
        if (commented) {
            assert_string_equal(value, key->initial);
        }
    }
    fclose(sample);
    for (size_t i = 0; i < config_key_count; i++) {
        if (!found[i] && config_keys[i].kind != CONFIG_KIND_REFUSED) {
            fail_msg("[%s] %s is not in the sample", config_keys[i].section, config_keys[i].name);
        }
    }
}

static void the_sample_explains_ranges(void **state)
{
    (void)state;
    static char text[32768];
    FILE *sample = fopen("samples/regjob.conf", "r");
    assert_non_null(sample);
    size_t length = fread(text, 1, sizeof text - 1, sample);
    text[length] = '\0';
    fclose(sample);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char number[32];
        if (key->kind != CONFIG_KIND_COUNT && key->kind != CONFIG_KIND_RATE) {
            continue;
        }
        snprintf(number, sizeof number, "%.0f", key->high);
        if (strstr(text, number) == NULL) {
            fail_msg("the sample does not say that [%s] %s goes to %s", key->section, key->name,
                     number);
        }
    }
}

static void the_sample_works_as_it_stands(void **state)
{
    (void)state;
    if (!config_read(&config, "samples/regjob.conf", &error)) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(config.ledger, "samples/ledger.db");
    assert_string_equal(config.import.inbox, "samples/inbox");
    assert_string_equal(config.mail.url, "file:samples/mail");
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_config.XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"regjob.conf", "secret", "token", "fifo"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(path, sizeof path, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_promised),
        cmocka_unit_test(every_default_is_accepted),
        cmocka_unit_test(every_key_has_its_own_place),
        cmocka_unit_test(a_file_fills_the_struct),
        cmocka_unit_test(the_sandbox_has_a_lower_rate),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(unknown_names_are_refused_with_the_nearest),
        cmocka_unit_test(lines_are_read_whole_or_refused),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(secrets_come_from_private_files),
        cmocka_unit_test(secrets_come_from_the_environment),
        cmocka_unit_test(secrets_are_never_written_in_the_file),
        cmocka_unit_test(keys_that_need_each_other),
        cmocka_unit_test(the_sample_names_every_key),
        cmocka_unit_test(the_sample_explains_ranges),
        cmocka_unit_test(the_sample_works_as_it_stands),
    };
    return cmocka_run_group_tests_name("config", tests, make_folder, remove_folder);
}
