/* SPDX-License-Identifier: MIT */
/* config.c: reads the configuration file by libinih, over the table of config_key.h. */
#include "config/config.h"
#include "config/config_key.h"
#include "config/suggestion.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

enum {
    CONFIG_LINE = 2 * CONFIG_TEXT, /* longest line of the file */
    CONFIG_SHOWN = 80              /* bytes of a wrong value that a message repeats */
};

/* One reading of one file. */
struct reading {
    struct config *config;
    const char *path;
    FILE *file;
    unsigned line;
    unsigned seen[CONFIG_KEYS_MOST]; /* the line that gave each key, 0: none */
    char folder[CONFIG_TEXT];        /* ends with '/', or is "" */
    struct error error;              /* the first */
};

void config_end(struct config *config)
{
    explicit_bzero(config->cluster.password, sizeof config->cluster.password);
    explicit_bzero(config->mail.password, sizeof config->mail.password);
    explicit_bzero(config->sms.token, sizeof config->sms.token);
    explicit_bzero(config->fraud.token, sizeof config->fraud.token);
}

static bool set_defaults(struct config *config, const char *folder, struct error *error)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->kind != CONFIG_KIND_ADDRESS && key->initial[0] == '\0') {
            continue; /* "", which it is already */
        }
        if (!config_key_set(key, config, key->initial, folder, error)) {
            return false;
        }
    }
    return true;
}

void config_defaults(struct config *config)
{
    struct error error;
    /* Cannot fail: a test sets every default of the table. */
    (void)set_defaults(config, "", &error);
}

/* --- Lines ---------------------------------------------------------------------------------- */

static bool is_section(const char *name, size_t length)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strlen(config_keys[i].section) == length &&
            strncmp(config_keys[i].section, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* libinih says nothing of a section without keys, nor of what follows its bracket. */
static void check_section(struct reading *reading, const char *line)
{
    struct suggestion nearest = {0};
    char name[CONFIG_SHOWN];

    size_t length = strcspn(line + 1, "]");
    const char *rest = line + 1 + length;
    if (*rest == '\0') {
        return; /* no bracket: libinih refuses it */
    }
    rest++;
    if (rest[strspn(rest, " \t\r\n")] != '\0') {
        error_set(&reading->error, ERROR_INVALID, "nothing may follow a [section] on its line");
    } else if (!is_section(line + 1, length)) {
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name),
                 line + 1);
        for (size_t i = 0; i < config_key_count; i++) {
            suggestion_offer(&nearest, name, config_keys[i].section);
        }
        error_set(&reading->error, ERROR_INVALID, "unknown section [%s]: did you mean [%s]?", name,
                  nearest.word);
    }
}

/* A reader for libinih that counts lines and refuses what it would cut or pass over in silence.
 * NULL ends the file. */
static char *read_line(char *line, int size, void *stream)
{
    struct reading *reading = stream;

    /* fgets() ends with one NUL; where there is a second one, it came from the file. */
    memset(line, 'x', (size_t)size);
    if (fgets(line, size, reading->file) == NULL) {
        if (ferror(reading->file)) {
            error_set(&reading->error, ERROR_IO, "cannot be read: %s", strerror(errno));
        }
        return NULL;
    }
    reading->line++;
    size_t length = strlen(line);
    if (memchr(line + length + 1, '\0', (size_t)size - length - 1) != NULL) {
        error_set(&reading->error, ERROR_INVALID, "a line has a NUL byte");
    } else if (length == (size_t)size - 1 && line[length - 1] != '\n') {
        error_set(&reading->error, ERROR_INVALID, "a line is longer than %d bytes", size - 2);
    } else {
        const char *text = line;
        if (reading->line == 1 && strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
            text += 3;
        }
        text += strspn(text, " \t");
        if (*text == '[') {
            check_section(reading, text);
        }
    }
    return reading->error.code == ERROR_NONE ? line : NULL;
}

/* --- Keys ----------------------------------------------------------------------------------- */

static void unknown_key(struct reading *reading, const char *section, const char *name)
{
    struct suggestion nearest = {0};
    const struct config_key *elsewhere = NULL;

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->kind == CONFIG_KIND_REFUSED) {
            continue;
        }
        if (strcmp(key->section, section) == 0) {
            suggestion_offer(&nearest, name, key->name);
        } else if (elsewhere == NULL && strcmp(key->name, name) == 0) {
            elsewhere = key;
        }
    }
    if (elsewhere != NULL) {
        error_set(&reading->error, ERROR_INVALID, "[%s] unknown key %s: it belongs to [%s]",
                  section, name, elsewhere->section);
    } else {
        error_set(&reading->error, ERROR_INVALID, "[%s] unknown key %s: did you mean %s?", section,
                  name, nearest.word);
    }
}

/* The key that fills the same secret from elsewhere and was given before, or NULL. */
static const struct config_key *rival(const struct reading *reading, const struct config_key *key)
{
    if (key->kind != CONFIG_KIND_SECRET_FILE && key->kind != CONFIG_KIND_SECRET_ENV) {
        return NULL;
    }
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].offset == key->offset && &config_keys[i] != key &&
            reading->seen[i] != 0) {
            return &config_keys[i];
        }
    }
    return NULL;
}

/* libinih's handler: 0 stops the reading, with the error in it. */
static int take_key(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    struct error what;

    if (section[0] == '\0') {
        error_set(&reading->error, ERROR_INVALID,
                  "%s comes before the first [section]: move it into one", name);
        return 0;
    }
    const struct config_key *key = config_key_find(section, name);
    if (key == NULL) {
        unknown_key(reading, section, name);
        return 0;
    }
    unsigned *seen = &reading->seen[key - config_keys];
    if (*seen != 0) {
        error_set(&reading->error, ERROR_INVALID, "[%s] %s is given twice, first in line %u",
                  section, name, *seen);
        return 0;
    }
    *seen = reading->line;
    const struct config_key *other = rival(reading, key);
    if (other != NULL) {
        error_set(&reading->error, ERROR_INVALID, "[%s] %s and %s are both given: keep one of them",
                  section, other->name, name);
        return 0;
    }
    if (config_key_set(key, reading->config, value, reading->folder, &what)) {
        return 1;
    }
    bool secret = key->kind == CONFIG_KIND_SECRET_FILE || key->kind == CONFIG_KIND_SECRET_ENV ||
                  key->kind == CONFIG_KIND_REFUSED || key->kind == CONFIG_KIND_URL ||
                  key->kind == CONFIG_KIND_HEADERS;
    if (secret) { /* the value may be, or hold, a password in the wrong place */
        error_set(&reading->error, ERROR_INVALID, "[%s] %s: %s", section, name, what.text);
    } else {
        error_set(&reading->error, ERROR_INVALID, "[%s] %s = %.*s: %s", section, name, CONFIG_SHOWN,
                  value, what.text);
    }
    return 0;
}

/* --- What several keys must be together ------------------------------------------------------ */

/* Puts the error down to the line of a key; 0 lines (a default) to the file alone. */
static bool wrong(struct reading *reading, const char *section, const char *name, const char *what)
{
    const struct config_key *key = config_key_find(section, name);
    reading->line = reading->seen[key - config_keys];
    error_set(&reading->error, ERROR_INVALID, "[%s] %s: %s", section, name, what);
    return false;
}

static bool given(const struct reading *reading, const char *section, const char *name)
{
    return reading->seen[config_key_find(section, name) - config_keys] != 0;
}

static bool check_patience(struct reading *reading, const char *section,
                           const struct config_patience *patience)
{
    if (patience->longest_pause_seconds >= patience->pause_seconds) {
        return true;
    }
    bool longest = given(reading, section, "longest_pause_seconds");
    return wrong(reading, section, longest ? "longest_pause_seconds" : "pause_seconds",
                 "longest_pause_seconds must not be below pause_seconds");
}

static bool check_mail(struct reading *reading)
{
    static const char name_letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    struct config_mail *mail = &reading->config->mail;

    if (strncmp(mail->url, "file:", 5) != 0 && !given(reading, "mail", "from")) {
        return wrong(reading, "mail", "url", "also set from, the sender's address");
    }
    if ((mail->username[0] == '\0') != (mail->password[0] == '\0')) {
        return wrong(reading, "mail",
                     mail->username[0] != '\0'                 ? "username"
                     : given(reading, "mail", "password_file") ? "password_file"
                                                               : "password_env",
                     "username and a password (password_file or password_env) go together");
    }
    /* A host's name, or [ADDRESS]. */
    if (mail->helo_name[strspn(mail->helo_name, name_letters)] != '\0') {
        return wrong(reading, "mail", "helo_name", "expected a host name, or an address in []");
    }
    return true;
}

static bool check_sms(struct reading *reading)
{
    const struct config_sms *sms = &reading->config->sms;
    bool remote = strncmp(sms->url, "file:", 5) != 0;

    if (sms->username[0] != '\0' && sms->token[0] == '\0') {
        return wrong(reading, "sms", "username", "also set token_file or token_env");
    }
    if (remote && sms->profile == CONFIG_SMS_TWILIO &&
        (sms->username[0] == '\0' || sms->from[0] == '\0')) {
        return wrong(reading, "sms", "profile",
                     "twilio needs username (the account), from, and token_file or token_env");
    }
    if (remote && sms->profile == CONFIG_SMS_TWILIO && strchr(sms->url, '?') != NULL) {
        return wrong(reading, "sms", "url", "expected the base of the API, without a query");
    }
    return true;
}

static bool check_fraud(struct reading *reading)
{
    struct config_fraud *fraud = &reading->config->fraud;

    if (fraud->sandbox && !given(reading, "fraud", "rate")) {
        fraud->pace.rate = CONFIG_SANDBOX_RATE;
    }
    if (fraud->url[0] != '\0' && fraud->token[0] == '\0') {
        return wrong(reading, "fraud", "url", "also set token_file or token_env");
    }
    if (strchr(fraud->url, '?') != NULL) {
        return wrong(reading, "fraud", "url", "expected the base of the API, without a query");
    }
    /* /v2/... is added to it. */
    for (size_t length = strlen(fraud->url); length > 0 && fraud->url[length - 1] == '/';) {
        fraud->url[--length] = '\0';
    }
    return true;
}

static bool check_cluster(struct reading *reading)
{
    const struct config *config = reading->config;
    const struct config_cluster *cluster = &config->cluster;

    if ((cluster->user[0] == '\0') != (cluster->password[0] == '\0')) {
        return wrong(reading, "ledger",
                     cluster->user[0] != '\0'                    ? "user"
                     : given(reading, "ledger", "password_file") ? "password_file"
                                                                 : "password_env",
                     "user and a password (password_file or password_env) go together");
    }
    return true;
}

static bool check_together(struct reading *reading)
{
    struct config *config = reading->config;
    return check_cluster(reading) && check_patience(reading, "mail", &config->mail.patience) &&
           check_patience(reading, "sms", &config->sms.patience) &&
           check_patience(reading, "fraud", &config->fraud.patience) && check_mail(reading) &&
           check_sms(reading) && check_fraud(reading);
}

/* --- The file ------------------------------------------------------------------------------- */

/* libinih's limits and liberties, which Debian makes variables: long lines whole, no continued
 * lines, a `;` in a value part of it, and no reading on after an error. */
static void set_up_parser(void)
{
    ini_use_stack = false;
    ini_max_line = CONFIG_LINE;
    ini_initial_alloc = CONFIG_LINE;
    ini_allow_realloc = false;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = false;
    ini_allow_bom = true;
    ini_stop_on_first_error = true;
}

static bool find_folder(struct reading *reading)
{
    const char *slash = strrchr(reading->path, '/');
    int length = slash == NULL ? 0 : (int)(slash - reading->path) + 1;

    snprintf(reading->folder, sizeof reading->folder, "%.*s", length, reading->path);
    if ((size_t)length >= sizeof reading->folder) {
        error_set(&reading->error, ERROR_INVALID, "its path is too long");
        return false;
    }
    return true;
}

static bool parse(struct reading *reading)
{
    set_up_parser();
    int result = ini_parse_stream(read_line, reading, take_key, reading);
    if (reading->error.code != ERROR_NONE) {
        return false;
    }
    if (result < 0) {
        reading->line = 0;
        error_no_memory(&reading->error, NULL);
    } else if (result > 0) {
        reading->line = (unsigned)result;
        error_set(&reading->error, ERROR_INVALID, "expected [section], key = value or a comment");
    }
    return result == 0;
}

bool config_read(struct config *config, const char *path, struct error *error)
{
    struct reading reading = {.config = config, .path = path};
    bool done = false;

    memset(config, 0, sizeof *config);
    if (!find_folder(&reading) || !set_defaults(config, reading.folder, &reading.error)) {
        goto out;
    }
    reading.file = fopen(path, "re");
    if (reading.file == NULL) {
        error_set(&reading.error, ERROR_IO, "cannot be opened: %s", strerror(errno));
        goto out;
    }
    done = parse(&reading) && check_together(&reading);
out:
    if (!done && reading.line > 0) {
        error_set(error, reading.error.code, "%s:%u: %s", path, reading.line, reading.error.text);
    } else if (!done) {
        error_set(error, reading.error.code, "%s: %s", path, reading.error.text);
    }
    if (reading.file != NULL) {
        fclose(reading.file);
    }
    return done;
}
