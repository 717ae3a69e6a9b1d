/* SPDX-License-Identifier: MIT */
/* Mail: its bytes, its addresses, its delivery into a Maildir. SMTP is tested against a real
 * server. */
#include "channels/mail.h"
#include "channels/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>

#include "../delivery/deliver.h"
#include "../folder.h"

static void becomes(char *got, const char *expected)
{
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void test_quoted_printable(void **state)
{
    (void)state;
    becomes(mime_quoted_printable(""), "");
    becomes(mime_quoted_printable("plain text\n"), "plain text\r\n");
    becomes(mime_quoted_printable("a=b\n"), "a=3Db\r\n");
    becomes(mime_quoted_printable("trailing \nand\t\n"), "trailing=20\r\nand=09\r\n");
    becomes(mime_quoted_printable("end "), "end=20");
    becomes(mime_quoted_printable("ü"), "=C3=BC");
    becomes(mime_quoted_printable("\r"), "=0D");
    becomes(mime_quoted_printable(".\n..x\n"), ".\r\n..x\r\n");
    char longest[80];
    memset(longest, 'x', 76);
    longest[76] = 0;
    becomes(mime_quoted_printable(longest), longest);
    memset(longest, 'x', 77);
    longest[77] = 0;
    char *broken = mime_quoted_printable(longest);
    assert_int_equal(strcspn(broken, "\r"), 76);
    assert_string_equal(broken + 75, "=\r\nxx");
    free(broken);
}

/* Reads encoded words back, and checks each line's length and each word's. */
static void decode(const char *words, size_t used, char *text, size_t size)
{
    size_t length = 0;
    const char *at = words;
    while (*at) {
        static const char opening[] = "=?UTF-8?B?";
        size_t part = 0;
        if (strncmp(at, "\r\n ", 3) == 0) {
            at += 3;
            used = 1;
            continue;
        }
        assert_int_equal(strncmp(at, opening, strlen(opening)), 0);
        const char *end = strstr(at, "?=");
        assert_non_null(end);
        assert_true(end + 2 - at <= 75);
        assert_true((size_t)(end + 2 - at) + used <= 76);
        assert_int_equal(sodium_base642bin((unsigned char *)text + length, size - length,
                                           at + strlen(opening),
                                           (size_t)(end - at) - strlen(opening), NULL, &part, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
        /* A word holds whole characters. */
        assert_true(((unsigned char)text[length] & 0xc0) != 0x80);
        length += part;
        at = end + 2;
    }
    text[length] = 0;
}

static void test_encoded_words(void **state)
{
    (void)state;
    becomes(mime_header_text("Your code is 123456", 9), "Your code is 123456");
    becomes(mime_header_text("", 9), "");
    becomes(mime_header_text("Bestätigung", 9), "=?UTF-8?B?QmVzdMOkdGlndW5n?=");
    becomes(mime_header_text("a =?x?= b", 9), "=?UTF-8?B?YSA9P3g/PSBi?=");
    static const char *const pieces[] = {"x", "ü", "日", "😀"};
    for (size_t piece = 0; piece < 4; piece++)
        for (size_t count = 1; count < 120; count++) {
            char text[512] = "";
            char back[512];
            for (size_t i = 0; i < count; i++)
                strncat(text, pieces[piece], sizeof text - strlen(text) - 1);
            for (size_t used = 4; used < 80; used += 15) {
                char *words = mime_header_text(text, used);
                if (strncmp(words, "=?", 2) == 0 || strncmp(words, "\r\n", 2) == 0) {
                    decode(words, used, back, sizeof back);
                    assert_string_equal(back, text);
                } else {
                    assert_string_equal(words, text);
                    assert_true(used + strlen(words) <= 76);
                }
                free(words);
            }
        }
}

static void test_phrase(void **state)
{
    (void)state;
    becomes(mime_phrase("Example", 6), "Example");
    becomes(mime_phrase("Example, Inc.", 6), "\"Example, Inc.\"");
    becomes(mime_phrase("The \"Best\" \\ Co", 6), "\"The \\\"Best\\\" \\\\ Co\"");
    becomes(mime_phrase("Müller", 6), "=?UTF-8?B?TcO8bGxlcg==?=");
}

static void test_build(void **state)
{
    (void)state;
    char subject[] = "Bestätigung";
    char body[] = "Grüße\n";
    char html[] = "<p>x</p>\n";
    struct message_text text = {.locale = "de", .subject = subject, .text = body, .html = html};
    struct mime_mail mail = {.from = "a@example.com",
                             .to = "b@example.com",
                             .message_id = "1@example.com",
                             .boundary = "edge",
                             .date = 1512828988826,
                             .text = &text};
    size_t length;
    bool unsafe;
    char *message = mime_build(&mail, &length, &unsafe);
    assert_non_null(message);
    assert_int_equal(length, strlen(message));
    assert_string_equal(message, "Date: Sat, 9 Dec 2017 14:16:28 +0000\r\n"
                                 "From: a@example.com\r\n"
                                 "To: b@example.com\r\n"
                                 "Subject: =?UTF-8?B?QmVzdMOkdGlndW5n?=\r\n"
                                 "Message-ID: <1@example.com>\r\n"
                                 "Auto-Submitted: auto-generated\r\n"
                                 "Content-Language: de\r\n"
                                 "MIME-Version: 1.0\r\n"
                                 "Content-Type: multipart/alternative;\r\n boundary=\"=_edge\"\r\n"
                                 "\r\n"
                                 "--=_edge\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "Gr=C3=BC=C3=9Fe\r\n"
                                 "\r\n"
                                 "--=_edge\r\n"
                                 "Content-Type: text/html; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n"
                                 "\r\n"
                                 "<p>x</p>\r\n"
                                 "\r\n"
                                 "--=_edge--\r\n");
    free(message);
    text.html = NULL;
    message = mime_build(&mail, &length, &unsafe);
    assert_non_null(strstr(message, "MIME-Version: 1.0\r\nContent-Type: text/plain; "));
    free(message);
    char evil[] = "x\r\nBcc: y@example.com";
    text.subject = evil;
    assert_null(mime_build(&mail, &length, &unsafe));
    assert_true(unsafe);
    text.subject = subject;
    mail.to = evil;
    assert_null(mime_build(&mail, &length, &unsafe));
    assert_true(unsafe);
}

static struct config_mail config;

static int make_config(void **state)
{
    int failed = folder_make(state);
    config = (struct config_mail){.from = "Example, Inc. <no-reply@bücher.example>"};
    snprintf(config.url, sizeof config.url, "file:%s/mail", folder);
    snprintf(config.templates, sizeof config.templates, "%s", folder);
    return failed;
}

static void test_maildir(void **state)
{
    (void)state;
    struct error error;
    unsigned mode;
    struct stat status;
    char path[FOLDER_PATH];
    folder_write("email.en.txt", "Subject: {code}\n\nHello {name}\n");
    struct mail *mail = mail_open(&config, &error);
    assert_non_null(mail);
    struct message_request request = {.to = "jane@bücher.example",
                                      .values = {.code = "123456", .name = "x\r\n.\r\nQUIT"}};
    struct transfer_answer answer = deliver_one(mail_channel(mail), &request);
    assert_int_equal(answer.result, TRANSFER_ACCEPTED);
    assert_string_equal(answer.text, "delivered");
    char *message = folder_read_only_file("mail/new", &mode);
    assert_int_equal(mode, 0600);
    assert_non_null(strstr(message, "\r\nTo: jane@xn--bcher-kva.example\r\n"));
    assert_non_null(
        strstr(message, "\r\nFrom: \"Example, Inc.\" <no-reply@xn--bcher-kva.example>\r\n"));
    assert_non_null(strstr(message, "\r\nSubject: 123456\r\n"));
    assert_non_null(strstr(message, "@xn--bcher-kva.example>\r\nAuto-Submitted: auto-generated"));
    assert_non_null(strstr(message, "\r\n\r\nHello x  .  QUIT\r\n"));
    free(message);
    snprintf(path, sizeof path, "%s/mail", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/mail/tmp", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(rmdir(path), 0); /* empty */
    answer = deliver_one(mail_channel(mail), &request);
    assert_int_equal(answer.result,
                     TRANSFER_ABOUT_US); /* the folder, not the message, is at fault */
    assert_non_null(strstr(answer.text, "No such file or directory"));
    request.to = "nobody";
    answer = deliver_one(mail_channel(mail), &request);
    assert_int_equal(answer.result, TRANSFER_REFUSED);
    assert_string_equal(answer.text, "not an address that mail can be sent to");
    mail_close(mail);
}

static void refuses(const char *expected)
{
    struct error error;
    assert_null(mail_open(&config, &error));
    if (!strstr(error.text, expected))
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, expected));
}

static void test_configuration(void **state)
{
    (void)state;
    struct error error;
    refuses("[mail] templates: ");
    folder_write("email.en.txt", "Subject: x\n\nx\n");
    snprintf(config.from, sizeof config.from, "%s", "nobody");
    refuses("[mail] from: not an address");
    snprintf(config.from, sizeof config.from, "%s", "A <a@example.com");
    refuses("[mail] from: not an address");
    snprintf(config.from, sizeof config.from, "%s", "a@example.com");
    snprintf(config.url, sizeof config.url, "%s", "smtp://mail.example.com");
    snprintf(config.username, sizeof config.username, "%s", "u");
    config.tls = CONFIG_TLS_OPTIONAL;
    refuses("must not travel in clear");
    config.tls = CONFIG_TLS_REQUIRED;
    struct mail *mail = mail_open(&config, &error);
    assert_non_null(mail);
    mail_close(mail);
    folder_write("plain", "");
    snprintf(config.url, sizeof config.url, "file:%s/plain", folder);
    refuses("cannot be made or opened as a Maildir: Not a directory");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoted_printable),
        cmocka_unit_test(test_encoded_words),
        cmocka_unit_test(test_phrase),
        cmocka_unit_test(test_build),
        cmocka_unit_test_setup_teardown(test_maildir, make_config, folder_remove),
        cmocka_unit_test_setup_teardown(test_configuration, make_config, folder_remove),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
