/* SPDX-License-Identifier: MIT */
/* Passwords: wire formats, Argon2id against Debian's own `argon2` program, verification, rehash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "passwords/password.h"

static const struct password_cost cheap = {64, 1};
static const struct password_cost usual = {19456, 2};
static const struct password_limit bound = {262144, 16, NULL}, *const limit = &bound;

static bool is_taken(const char *text, const struct password_limit *within)
{
    char stored[PASSWORD_STORED_SIZE];
    bool fast;
    return password_read(text, within, stored, &fast) == RULE_as_given;
}

static bool is_too_costly(const char *text, const struct password_limit *within)
{
    char stored[PASSWORD_STORED_SIZE];
    bool fast;
    return password_read(text, within, stored, &fast) == RULE_hash_cost;
}

static void expect_wire(const char *password, enum password_format format, const char *wanted)
{
    char wire[PASSWORD_WIRE_SIZE];

    password_wire(password, strlen(password), format, wire);
    assert_string_equal(wire, wanted);
    assert_true(password_verify(password, strlen(password), wire, limit));
}

static void wire_formats_are_the_vendors(void **state)
{
    (void)state;
    expect_wire("password123", PASSWORD_SHA256,
                "ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f");
    expect_wire("", PASSWORD_SHA256,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* sha1sum | cut | sha256sum */
    expect_wire("password123", PASSWORD_SHA1SHA256,
                "fe38f41dc87ffd6b26e432b7f9cb3475d5c1899edacb453c70ac1dcaafd73d26");
    expect_wire("password", PASSWORD_MD5, "5F4DCC3B5AA765D61D8327DEB882CF99");
    expect_wire("", PASSWORD_MD5, "D41D8CD98F00B204E9800998ECF8427E");
}

static void a_nul_does_not_end_a_password(void **state)
{
    char wire[PASSWORD_WIRE_SIZE], stored[PASSWORD_STORED_SIZE];

    (void)state;
    password_wire("a\0b", 3, PASSWORD_SHA256, wire);
    assert_true(password_verify("a\0b", 3, wire, limit));
    assert_false(password_verify("a", 1, wire, limit));
    assert_false(password_verify("a\0c", 3, wire, limit));
    assert_true(password_hash("a\0b", 3, cheap, stored));
    assert_true(password_verify("a\0b", 3, stored, limit));
    assert_false(password_verify("a\0c", 3, stored, limit));
}

static void formats_have_names(void **state)
{
    enum password_format format;

    (void)state;
    assert_true(password_format_named("sha256", &format));
    assert_int_equal(format, PASSWORD_SHA256);
    assert_true(password_format_named("sha1sha256", &format));
    assert_int_equal(format, PASSWORD_SHA1SHA256);
    assert_true(password_format_named("md5", &format));
    assert_int_equal(format, PASSWORD_MD5);
    assert_false(password_format_named("SHA256", &format));
    assert_false(password_format_named("sha1", &format));
    assert_false(password_format_named("", &format));
}

static void hex_is_taken_in_either_case(void **state)
{
    (void)state;
    assert_true(password_verify("password123", 11,
                                "EF92B778BAFE771E89245B89ECBC08A44A4E166C06659911881F383D4473E94F",
                                limit));
    assert_true(password_verify("password", 8, "5f4dcc3b5aa765d61d8327deb882cf99", limit));
    assert_true(password_verify("password", 8, "5F4dcc3b5aa765d61d8327deb882cF99", limit));
    assert_false(password_verify("Password", 8, "5f4dcc3b5aa765d61d8327deb882cf99", limit));
    assert_false(password_verify("password124", 11,
                                 "ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f",
                                 limit));
}

static void what_is_no_hash_verifies_nothing(void **state)
{
    static const char *const broken[] = {
        "",
        "password",
        "$",
        "md5",
        "md5$",
        "md5$argon2id$",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
        "5f4dcc3b5aa765d61d8327deb882cf9",
        "5f4dcc3b5aa765d61d8327deb882cf999",
        "5f4dcc3b5aa765d61d8327deb882cf9g",
        "ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94",
        "$2b$10$abcdefghijklmnopqrstuu5s7v2q4b5v0h5nY0b1YfqvP1mTDNIY",
    };

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_false(password_verify("password", 8, broken[i], limit));
        assert_false(password_verify("", 0, broken[i], limit));
        assert_false(is_taken(broken[i], limit));
        assert_true(password_needs_rehash(broken[i], cheap, limit));
    }
}

static void a_hash_is_argon2id_with_its_cost(void **state)
{
    char first[PASSWORD_STORED_SIZE], second[PASSWORD_STORED_SIZE];

    (void)state;
    assert_true(password_hash("A9#bL8@z", 8, usual, first));
    assert_int_equal(strncmp(first, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_true(is_taken(first, limit));
    assert_true(password_verify("A9#bL8@z", 8, first, limit));
    assert_false(password_verify("A9#bL8@Z", 8, first, limit));
    assert_false(password_verify("A9#bL8@", 7, first, limit));
    assert_false(password_verify("", 0, first, limit));
    assert_true(password_hash("A9#bL8@z", 8, cheap, first));
    assert_true(password_hash("A9#bL8@z", 8, cheap, second));
    assert_string_not_equal(first, second); /* salted */
}

static void costs_out_of_range_are_refused(void **state)
{
    char stored[PASSWORD_STORED_SIZE];

    (void)state;
    assert_false(password_hash("x", 1, (struct password_cost){7, 1}, stored));
    assert_false(password_hash("x", 1, (struct password_cost){4194305, 1}, stored));
    assert_false(password_hash("x", 1, (struct password_cost){64, 0}, stored));
    assert_true(password_hash("x", 1, (struct password_cost){8, 1}, stored));
    assert_true(password_verify("x", 1, stored, limit));
}

static void an_md5_is_wrapped(void **state)
{
    char stored[PASSWORD_STORED_SIZE];

    (void)state;
    assert_true(password_wrap_md5("5f4dcc3b5aa765d61d8327deb882cf99", cheap, stored));
    assert_int_equal(strncmp(stored, "md5$argon2id$v=19$m=64,t=1,p=1$", 31), 0);
    assert_true(password_verify("password", 8, stored, limit));
    assert_false(password_verify("Password", 8, stored, limit));
    /* The digest is not a password: who has stolen one must not get in with it. */
    assert_false(password_verify("5F4DCC3B5AA765D61D8327DEB882CF99", 32, stored, limit));
    assert_true(is_taken(stored, limit)); /* as another ledger has it */
    assert_true(password_needs_rehash(stored, cheap, limit));
    assert_true(password_verify("5F4DCC3B5AA765D61D8327DEB882CF99", 32, stored + 3, limit));

    assert_true(password_wrap_md5("5F4DCC3B5AA765D61D8327DEB882CF99", cheap, stored));
    assert_true(password_verify("password", 8, stored, limit));
    assert_false(password_wrap_md5("", cheap, stored));
    assert_false(password_wrap_md5("5F4DCC3B5AA765D61D8327DEB882CF9", cheap, stored));
    assert_false(password_wrap_md5("5F4DCC3B5AA765D61D8327DEB882CF99 ", cheap, stored));
    assert_false(password_wrap_md5("5F4DCC3B5AA765D61D8327DEB882CF9G", cheap, stored));
}

/* Runs argon2 and gives its line; `arguments` ends with NULL. */
static void run_argon2(const char *password, char *const arguments[], char line[256])
{
    posix_spawn_file_actions_t actions;
    char *const no_environment[] = {NULL};
    int in[2], out[2], status;
    pid_t child;
    size_t used = 0;
    ssize_t got;

    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, in[0], 0), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out[1], 1), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, in[1]), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, out[0]), 0);
    assert_int_equal(
        posix_spawn(&child, "/usr/bin/argon2", &actions, NULL, arguments, no_environment), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(in[0]);
    (void)close(out[1]);
    assert_int_equal(write(in[1], password, strlen(password)), strlen(password));
    (void)close(in[1]);
    while (used < 255 && (got = read(out[0], line + used, 255 - used)) > 0)
        used += (size_t)got;
    (void)close(out[0]);
    line[used] = '\0';
    line[strcspn(line, "\n")] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_argon2_program_agrees(void **state)
{
    char *const variants[][14] = {
        {"argon2", "somesalt", "-id", "-t", "2", "-k", "256", "-p", "1", "-l", "32", "-e", NULL},
        {"argon2", "somesalt", "-id", "-t", "1", "-k", "64", "-p", "4", "-l", "16", "-e", NULL},
        {"argon2", "a salt of 24 characters.", "-id", "-t", "3", "-k", "100", "-p", "2", "-l", "64",
         "-e", NULL},
        {"argon2", "somesalt", "-i", "-t", "3", "-k", "256", "-p", "1", "-l", "32", "-e", NULL},
        {"argon2", "somesalt", "-i", "-t", "1", "-k", "64", "-p", "1", "-l", "32", "-e", NULL},
    };
    char line[256];

    (void)state;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        run_argon2("corréct horse", variants[i], line);
        assert_int_equal(strncmp(line, "$argon2i", 8), 0);
        if (!is_taken(line, limit))
            fail_msg("%s was refused", line);
        assert_true(password_verify("corréct horse", 14, line, limit));
        assert_false(password_verify("correct horse", 13, line, limit));
    }
}

static void argon2d_is_not_taken(void **state)
{
    char *const arguments[] = {"argon2", "somesalt", "-d", "-t", "2", "-k", "256", "-e", NULL};
    char line[256];

    (void)state;
    run_argon2("password", arguments, line);
    assert_int_equal(strncmp(line, "$argon2d$", 9), 0);
    assert_false(is_taken(line, limit));
    assert_false(password_verify("password", 8, line, limit));
}

static void only_well_formed_affordable_phc_is_taken(void **state)
{
    static const struct {
        bool taken;
        const char *text;
    } cases[] = {
#define SALT "$c29tZXNhbHQ"
#define HASH "$RdescudvJCsgt3ub+b4dWRWJTmaaJObG/GxRrvY0uGk"
        {true, "$argon2id$v=19$m=64,t=1,p=1" SALT HASH},
        {true, "$argon2i$v=19$m=64,t=1,p=1" SALT HASH},
        {true, "$argon2id$v=19$m=262144,t=16,p=4" SALT HASH},
        {false, "$argon2id$v=19$m=262145,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=17,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=4194304,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=4194305,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=4294967295,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=4294967296,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=0,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=0" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=9" SALT HASH},
        {false, "$argon2id$v=19$m=7,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=064,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=+64,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=,t=1,p=1" SALT HASH},
        {true, "$argon2id$v=19$t=1,m=64,p=1" SALT HASH},
        {true, "$argon2id$v=19$p=1,t=1,m=64" SALT HASH},
        {true, "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1" SALT HASH},
        {true, "argon2$argon2id$v=19$m=64,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1,m=64" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1,x=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1," SALT HASH},
        {false, "$argon2id$v=16$m=64,t=1,p=1" SALT HASH},
        {false, "$argon2id$m=64,t=1,p=1" SALT HASH},
        {false, "argon2id$v=19$m=64,t=1,p=1" SALT HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1$c29tZQ" HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1" SALT "$RdescudvJCsgt3u"},
        {true, "$argon2id$v=19$m=64,t=1,p=1" SALT "=" HASH "="},
        {false, "$argon2id$v=19$m=64,t=1,p=1" SALT HASH " "},
        {false, "$argon2id$v=19$m=64,t=1,p=1" SALT HASH "$"},
        {false, "$argon2id$v=19$m=64,t=1,p=1" SALT},
        {false, "$argon2id$v=19$m=64,t=1,p=1$$"},
        {false, "$argon2id$v=19$m=64,t=1,p=1$c29t ZXNhbHQ" HASH},
        {false, "$argon2id$v=19$m=64,t=1,p=1" SALT HASH HASH HASH HASH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (is_taken(cases[i].text, limit) != cases[i].taken)
            fail_msg("%s: %s", cases[i].text, cases[i].taken ? "refused" : "taken");
}

/* Costs that would take hours and gigabytes: told from the text alone. */
static void what_costs_too_much_is_not_tried(void **state)
{
    static const char *const costly[] = {
        "$argon2id$v=19$m=4194304,t=1,p=1" SALT HASH,
        "$argon2id$v=19$m=8,t=4000000000,p=1" SALT HASH,
        "$argon2i$v=19$m=1048576,t=4294967295,p=1" SALT HASH,
        "md5$argon2id$v=19$m=1048576,t=4000000000,p=1" SALT HASH,
    };
    const struct password_limit most = {4194304, 4294967295, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        assert_true(is_too_costly(costly[i], limit));
        assert_false(is_too_costly(costly[i], &most));
        assert_false(password_verify("x", 1, costly[i], limit));
        assert_true(password_needs_rehash(costly[i], usual, limit));
    }
    assert_false(is_too_costly("$argon2id$v=19$m=262144,t=16,p=1" SALT HASH, limit));
    assert_false(is_too_costly("5F4DCC3B5AA765D61D8327DEB882CF99", limit));
    assert_false(is_too_costly("$argon2id$v=19$m=4194304,t=1,p=1" SALT, limit));
}

static void rehash_is_asked_for_less(void **state)
{
    const struct password_cost cost = {19456, 2};

    (void)state;
    assert_false(password_needs_rehash("$argon2id$v=19$m=19456,t=2,p=1" SALT HASH, cost, limit));
    assert_false(password_needs_rehash("$argon2id$v=19$m=65536,t=3,p=1" SALT HASH, cost, limit));
    assert_true(password_needs_rehash("$argon2id$v=19$m=19455,t=2,p=1" SALT HASH, cost, limit));
    assert_true(password_needs_rehash("$argon2id$v=19$m=65536,t=1,p=1" SALT HASH, cost, limit));
    assert_true(password_needs_rehash("$argon2i$v=19$m=65536,t=3,p=1" SALT HASH, cost, limit));
    assert_true(password_needs_rehash("md5$argon2id$v=19$m=65536,t=3,p=1" SALT HASH, cost, limit));
    assert_true(password_needs_rehash("5F4DCC3B5AA765D61D8327DEB882CF99", cost, limit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_formats_are_the_vendors),
        cmocka_unit_test(a_nul_does_not_end_a_password),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test(hex_is_taken_in_either_case),
        cmocka_unit_test(what_is_no_hash_verifies_nothing),
        cmocka_unit_test(a_hash_is_argon2id_with_its_cost),
        cmocka_unit_test(costs_out_of_range_are_refused),
        cmocka_unit_test(an_md5_is_wrapped),
        cmocka_unit_test(the_argon2_program_agrees),
        cmocka_unit_test(argon2d_is_not_taken),
        cmocka_unit_test(only_well_formed_affordable_phc_is_taken),
        cmocka_unit_test(what_costs_too_much_is_not_tried),
        cmocka_unit_test(rehash_is_asked_for_less),
    };

    (void)alarm(120); /* the argon2 program must not hold the run for ever */
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
