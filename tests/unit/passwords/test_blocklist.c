/* SPDX-License-Identifier: MIT */
/* The blocklist of breached passwords: every line is found, nothing else is, and a file that is no
 * such list is refused rather than searched in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "passwords/blocklist.h"
#include "passwords/policy.h"

enum { HASH = SHA1_DIGEST_STRING_LENGTH - 1, PASSWORDS = 3000 };

static char folder[] = "/tmp/blocklist.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/list", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void write_list(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void hash_of(const char *password, char hash[HASH + 1])
{
    (void)SHA1Data((const uint8_t *)password, strlen(password), hash);
    for (char *c = hash; *c != '\0'; c++)
        if (*c >= 'a')
            *c = (char)(*c - 'a' + 'A');
}

static bool is_listed(const char *password)
{
    struct error error;
    bool found = false;

    if (!blocklist_contains(path, password, strlen(password), &found, &error))
        fail_msg("%s", error.text);
    return found;
}

static void expect_refusal(const char *reason)
{
    struct error error;
    bool found;

    if (blocklist_contains(path, "password", 8, &found, &error))
        fail_msg("accepted, not refused with \"%s\"", reason);
    if (strstr(error.text, reason) == NULL || strstr(error.text, folder) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static int in_order(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Even numbers are listed, odd ones are not; line lengths vary. */
static void write_many(const char *line_end, bool with_count, bool end_last_line)
{
    static char hashes[PASSWORDS / 2][HASH + 1];
    char password[16];
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (int i = 0; i < PASSWORDS; i += 2) {
        (void)snprintf(password, sizeof password, "p%d", i);
        hash_of(password, hashes[i / 2]);
    }
    qsort(hashes, PASSWORDS / 2, sizeof hashes[0], in_order);
    for (int i = 0; i < PASSWORDS / 2; i++) {
        (void)fputs(hashes[i], file);
        if (with_count)
            (void)fprintf(file, ":%ld", i % 5 == 0 ? 10434004L * i * i : (long)i % 10);
        if (i + 1 < PASSWORDS / 2 || end_last_line)
            (void)fputs(line_end, file);
    }
    assert_int_equal(fclose(file), 0);
}

static void each_line_is_found(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        write_many((variant & 1) != 0 ? "\r\n" : "\n", (variant & 2) != 0, (variant & 4) != 0);
        for (int i = 0; i < PASSWORDS; i++) {
            char password[16];

            (void)snprintf(password, sizeof password, "p%d", i);
            if (is_listed(password) != (i % 2 == 0))
                fail_msg("variant %d: %s was %sfound", variant, password, i % 2 == 0 ? "not " : "");
        }
    }
}

static void short_lists_work(void **state)
{
    (void)state;
    write_list("");
    assert_false(is_listed("password"));
    write_list("\n\r\n\n");
    assert_false(is_listed("password"));
    write_list("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3730471\n");
    assert_true(is_listed("password"));
    assert_false(is_listed("passwort"));
    write_list("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8");
    assert_true(is_listed("password"));
    write_list("0000000000000000000000000000000000000000:1\n"
               "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n\n\n\n");
    assert_true(is_listed("password"));
    assert_false(is_listed("passwort"));
}

static void what_is_no_list_is_refused(void **state)
{
    char line[400];

    (void)state;
    (void)unlink(path);
    expect_refusal("No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refusal("not a regular file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    expect_refusal("not a regular file");
    assert_int_equal(unlink(path), 0);
    write_list("password\n123456\n");
    expect_refusal("not a line with a SHA-1 hash");
    write_list("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FDX:1\n");
    expect_refusal("not a line with a SHA-1 hash");
    write_list("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD81:1\n");
    expect_refusal("not a line with a SHA-1 hash");
    write_list("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8 1\n");
    expect_refusal("not a line with a SHA-1 hash");
    write_list("0000000000000000000000000000000000000000:1\n\n"
               "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n");
    expect_refusal("not a line with a SHA-1 hash");
    memset(line, 'A', sizeof line);
    line[sizeof line - 1] = '\0';
    write_list(line);
    expect_refusal("a line is too long");
}

static void a_list_out_of_order_is_refused(void **state)
{
    (void)state;
    write_list("F000000000000000000000000000000000000000:9\n"
               "7000000000000000000000000000000000000000:8\n"
               "0000000000000000000000000000000000000000:7\n");
    expect_refusal("not in order");
}

/* As long as the real list is: ten million lines at full length (SOAK=1), a part of them else. */
static void a_long_list_is_searched_on_disk(void **state)
{
    (void)state;
    const uint64_t lines = getenv("SOAK") != NULL ? 10000000 : 200000, step = UINT64_MAX / lines;
    char known[HASH + 1], line[HASH + 1] = "";
    bool written = false;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    hash_of("Sample-1", known);
    for (uint64_t i = 0; i < lines; i++) {
        (void)snprintf(line, sizeof line, "%016llX%024d", (unsigned long long)(i * step), 0);
        if (!written && strcmp(known, line) < 0) {
            assert_true(fprintf(file, "%s:1\n", known) > 0);
            written = true;
        }
        assert_true(fprintf(file, "%s:%llu\n", line, (unsigned long long)i) > 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(written);
    assert_true(is_listed("Sample-1"));
    assert_false(is_listed("Sample-2"));
}

static void the_policy_asks_it(void **state)
{
    char text[128];
    struct error error;
    struct policy policy;
    uint32_t broken;

    (void)state;
    write_list("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3730471\n");
    (void)snprintf(text, sizeof text, "{\"profile\":\"nist\",\"minLength\":1,\"blocklist\":\"%s\"}",
                   path);
    assert_true(policy_parse(text, &policy, &error));
    assert_true(policy_check(&policy, "password", 8, NULL, &broken, &error));
    assert_int_equal(broken, 1 << POLICY_BREACHED);
    assert_true(policy_check(&policy, "passwort", 8, NULL, &broken, &error));
    assert_int_equal(broken, 0);
    /* In full-width letters it is the same password to a policy that normalises. */
    assert_true(policy_check(&policy, "ｐａｓｓｗｏｒｄ", 24, NULL, &broken, &error));
    assert_int_equal(broken, 1 << POLICY_BREACHED);
    policy.normalise = false;
    assert_true(policy_check(&policy, "ｐａｓｓｗｏｒｄ", 24, NULL, &broken, &error));
    assert_int_equal(broken, 0);
    (void)unlink(path);
    assert_false(policy_check(&policy, "password", 8, NULL, &broken, &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_non_null(strstr(error.text, path));
    write_list("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_found),
        cmocka_unit_test(short_lists_work),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(a_list_out_of_order_is_refused),
        cmocka_unit_test(a_long_list_is_searched_on_disk),
        cmocka_unit_test(the_policy_asks_it),
    };

    (void)alarm(120); /* a FIFO that is waited for would hold the run */
    return cmocka_run_group_tests_name("blocklist", tests, make_folder, remove_folder);
}
