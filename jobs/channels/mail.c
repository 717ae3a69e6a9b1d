/* SPDX-License-Identifier: MIT */
/* mail.c: see mail.h. */
#include "channels/mail.h"

#include "channels/maildir.h"
#include "channels/mime.h"
#include "config/url.h"
#include "delivery/http_status.h"
#include "delivery/response.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "values/email.h"

enum {
    RANDOM_BYTES = 16,
    RANDOM_TEXT = 2 * RANDOM_BYTES + 1,
};

struct mail {
    const struct config_mail *config;
    struct message_templates *templates;
    struct maildir *maildir; /* NULL: by SMTP */
    char *address;           /* of `from` */
    char *from;              /* the header */
    char *url;
    const char *domain; /* of Message-ID */
};

/* The header `From`, on two lines where it is long. */
static bool parse_from(struct mail *mail, const char *from)
{
    struct email_mailbox mailbox;
    if (!email_mailbox(from, &mailbox))
        return false;
    mail->address = strdup(mailbox.address);
    char *name = strndup(mailbox.name, mailbox.name_length);
    char *phrase = name ? mime_phrase(name, sizeof "From: " - 1) : NULL;
    enum { HEADER_AND_BRACKETS = sizeof "From:  <>" - 1, LONGEST_LINE = 76 };
    bool good = phrase && mail->address;
    if (good) {
        size_t length = strlen(phrase) + strlen(mail->address) + HEADER_AND_BRACKETS;
        good = asprintf(&mail->from, phrase[0] ? "%s%s<%s>" : "%s%s%s", phrase,
                        !phrase[0]              ? ""
                        : length > LONGEST_LINE ? "\r\n "
                                                : " ",
                        mail->address) >= 0;
    }
    if (!good)
        mail->from = NULL;
    free(phrase);
    free(name);
    return good;
}

/* -- opening -- */

static bool check_credentials(const struct config_mail *config, struct error *error)
{
    bool encrypted =
        strncasecmp(config->url, "smtps:", 6) == 0 || config->tls == CONFIG_TLS_REQUIRED;
    if (!config->username[0] || url_file_path(config->url) || encrypted ||
        url_is_loopback(config->url))
        return true;
    error_set(error, ERROR_INVALID,
              "[mail] username: a password must not travel in clear: set tls = required");
    return false;
}

/* libcurl takes the name that it greets the server with from the URL's path. */
static bool make_url(struct mail *mail)
{
    const struct config_mail *config = mail->config;
    size_t length = strlen(config->url);
    char *name = curl_easy_escape(NULL, config->helo_name, (int)strlen(config->helo_name));
    while (length > 0 && config->url[length - 1] == '/')
        length--;
    if (!name || asprintf(&mail->url, "%.*s/%s", (int)length, config->url, name) < 0)
        mail->url = NULL;
    curl_free(name);
    return mail->url != NULL;
}

struct mail *mail_open(const struct config_mail *config, struct error *error)
{
    bool good = false;
    const char *folder = url_file_path(config->url);
    struct mail *mail = calloc(1, sizeof *mail);
    if (!mail || sodium_init() < 0) {
        error_no_memory(error, NULL);
        goto out;
    }
    mail->config = config;
    if (!parse_from(mail, config->from)) {
        error_set(error, ERROR_INVALID,
                  "[mail] from: not an address: give ADDRESS or NAME <ADDRESS>");
        goto out;
    }
    if (!check_credentials(config, error))
        goto out;
    mail->domain = config->message_domain[0] ? config->message_domain : email_domain(mail->address);
    mail->templates = message_open(config->templates, MESSAGE_EMAIL, error);
    if (!mail->templates) {
        error_at(error, "[mail] templates");
        goto out;
    }
    if (!make_url(mail)) {
        error_no_memory(error, NULL);
        goto out;
    }
    if (folder && !(mail->maildir = maildir_open(folder, error))) {
        error_at(error, "[mail] url");
        goto out;
    }
    good = true;
out:
    if (good)
        return mail;
    mail_close(mail);
    return NULL;
}

void mail_close(struct mail *mail)
{
    if (!mail)
        return;
    message_close(mail->templates);
    maildir_close(mail->maildir);
    free(mail->address);
    free(mail->from);
    free(mail->url);
    free(mail);
}

/* -- the channel -- */

static bool setup(void *context, CURL *easy)
{
    static const long tls[] = {[CONFIG_TLS_REQUIRED] = CURLUSESSL_ALL,
                               [CONFIG_TLS_OPTIONAL] = CURLUSESSL_TRY,
                               [CONFIG_TLS_NONE] = CURLUSESSL_NONE};
    const struct mail *mail = context;
    const struct config_mail *config = mail->config;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, mail->url);
    /* The slot notes by it how far a conversation has come. */
    code |= curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_USE_SSL, tls[config->tls]);
    code |= curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->address);
    code |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, response_upload);
    if (config->ca_file[0])
        code |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    if (config->username[0]) {
        code |= curl_easy_setopt(easy, CURLOPT_USERNAME, config->username);
        code |= curl_easy_setopt(easy, CURLOPT_PASSWORD, config->password);
    }
    return code == CURLE_OK;
}

static void random_text(char text[RANDOM_TEXT])
{
    unsigned char bytes[RANDOM_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(text, RANDOM_TEXT, bytes, sizeof bytes);
}

/* Fills call->body. */
static bool compose(struct mail *mail, const struct message_request *request, const char *to,
                    struct transfer_call *call, bool *unsafe)
{
    struct message_text text;
    char boundary[RANDOM_TEXT];
    char random[RANDOM_TEXT];
    char message_id[RANDOM_TEXT + CONFIG_TEXT];
    *unsafe = false;
    if (!message_render(mail->templates, request->locale, &request->values, &text))
        return false;
    random_text(boundary);
    random_text(random);
    snprintf(message_id, sizeof message_id, "%s@%s", random, mail->domain);
    struct mime_mail mime = {
        .from = mail->from,
        .to = to,
        .message_id = message_id,
        .boundary = boundary,
        .date = (int64_t)time(NULL) * 1000,
        .text = &text,
    };
    call->body = mime_build(&mime, &call->body_length, unsafe);
    message_end(&text);
    return call->body != NULL;
}

static void deliver(struct mail *mail, const struct transfer_call *call,
                    struct transfer_answer *answer)
{
    bool uncertain = false;
    struct error error;
    const char *outcome = "delivered";
    answer->result = TRANSFER_ACCEPTED;
    if (!maildir_deliver(mail->maildir, call->body, call->body_length, "", &uncertain, &error)) {
        answer->result = uncertain ? TRANSFER_AMBIGUOUS : TRANSFER_ABOUT_US;
        outcome = error.text;
    }
    response_escape(answer->text, sizeof answer->text, outcome, strlen(outcome), call->hide);
}

static enum transfer_prepared prepare(void *context, const void *argument,
                                      struct transfer_call *call, struct transfer_answer *answer)
{
    struct mail *mail = context;
    const struct message_request *request = argument;
    char address[EMAIL_SIZE];
    bool unsafe = false;
    response_hide(call, request->values.code);
    response_hide(call, request->values.link);
    response_hide(call, request->token);
    response_hide(call, request->to);
    call->recipient = request->to;
    call->kept = email_address(request->to, address) ? strdup(address) : NULL;
    if (!call->kept) {
        response_refuse(answer, "not an address that mail can be sent to");
        return TRANSFER_ANSWERED;
    }
    response_hide(call, call->kept);
    if (!compose(mail, request, call->kept, call, &unsafe)) {
        if (!unsafe)
            return TRANSFER_UNREADY;
        response_refuse(answer, "a header would contain a control character");
        return TRANSFER_ANSWERED;
    }
    if (mail->maildir) {
        deliver(mail, call, answer);
        return TRANSFER_ANSWERED;
    }
    call->list = curl_slist_append(NULL, call->kept);
    if (!call->list)
        return TRANSFER_UNREADY;
    CURLcode code = curl_easy_setopt(call->easy, CURLOPT_MAIL_RCPT, call->list);
    code |= curl_easy_setopt(call->easy, CURLOPT_READDATA, call);
    code |= curl_easy_setopt(call->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body_length);
    return code == CURLE_OK ? TRANSFER_READY : TRANSFER_UNREADY;
}

/* Replies about our own standing with the server: what is refused before a recipient was named
 * (our address, our name, the log-in, the sender), or says that authentication or encryption is
 * missing or wrong. */
static bool is_about_us(const struct transfer_reply *reply)
{
    static const char *const before[] = {"", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL"};
    long status = reply->status;
    if (status == 530 || status == 534 || status == 535 || status == 538)
        return true;
    for (size_t i = 0; status >= 500 && status < 600 && i < sizeof before / sizeof *before; i++)
        if (strcmp(reply->command, before[i]) == 0)
            return true;
    return false;
}

/* Enhanced status codes (RFC 3463) that are about one mailbox: there is no such one (5.1.1 to
 * 5.1.3), it has moved, its domain takes no mail (5.1.10), it is off or full, or has letters that
 * the server cannot take (5.6.7). */
static bool is_about_mailbox(const char *line)
{
    static const char *const codes[] = {"5.1.1",  "5.1.2", "5.1.3", "5.1.6",
                                        "5.1.10", "5.2.1", "5.2.2", "5.6.7"};
    enum { STATUS_DIGITS = 3 };
    if (strlen(line) <= STATUS_DIGITS)
        return false;
    const char *code = line + STATUS_DIGITS + 1;
    size_t length = strspn(code, "0123456789.");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (length == strlen(codes[i]) && strncmp(code, codes[i], length) == 0)
            return true;
    return false;
}

static void describe(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    char line[TRANSFER_TEXT - 8];
    answer->status = reply->status;
    response_escape(line, sizeof line, reply->last_line, strlen(reply->last_line), reply->hide);
    snprintf(answer->text, sizeof answer->text, "SMTP %s", line);
}

/* A connection that ended, or never came about, without a reply that refuses. */
static void judge_silence(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    http_status_judge_silence(reply, answer);
    if (reply->sent && !reply->upload_ended) {
        /* Without its final dot a message is not accepted. */
        answer->result = TRANSFER_NOT_ACCEPTED;
        answer->unreached = true;
    }
}

static void judge(void *context, const struct transfer_reply *reply, struct transfer_answer *answer)
{
    (void)context;
    long status = reply->status;
    bool final = status >= 400 && status < 600;
    bool particular = is_about_mailbox(reply->last_line);
    if (reply->code == CURLE_OK || (reply->upload_ended && status >= 200 && status < 300)) {
        answer->result = TRANSFER_ACCEPTED;
        describe(reply, answer);
    } else if (!particular &&
               (is_about_us(reply) || (reply->code == CURLE_LOGIN_DENIED && status / 100 != 4))) {
        answer->result = TRANSFER_ABOUT_US;
        describe(reply, answer);
    } else if (!reply->sent || !final) {
        judge_silence(reply, answer);
        answer->status = final ? status : 0;
    } else if (status < 500) {
        answer->result = TRANSFER_NOT_ACCEPTED;
        describe(reply, answer);
        answer->down = answer->slow_down = status == 421;
    } else {
        answer->result = TRANSFER_REFUSED;
        answer->particular = particular;
        describe(reply, answer);
    }
}

struct transfer_channel mail_channel(struct mail *mail)
{
    return (struct transfer_channel){
        .context = mail,
        .local = mail->maildir != NULL,
        .blocks = true, /* until the answer to the final dot */
        .setup = setup,
        .prepare = prepare,
        .judge = judge,
    };
}
