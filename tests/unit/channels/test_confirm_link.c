/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/confirm_link.h"

static void links(void **state)
{
    (void)state;
    static const struct {
        const char *base, *link;
    } cases[] = {
        {"https://x.example/{token}", "https://x.example/T-1"},
        {"https://x.example/{token}?again={token}#{token}", "https://x.example/T-1?again=T-1#T-1"},
        {"https://x.example/{toke", "https://x.example/{toke?token=T-1"},
        {"https://x.example/a", "https://x.example/a?token=T-1"},
        {"https://x.example/a?", "https://x.example/a?token=T-1"},
        {"https://x.example/a?b=c", "https://x.example/a?b=c&token=T-1"},
        {"https://x.example/a?b=c&", "https://x.example/a?b=c&token=T-1"},
        {"https://x.example/a#top", "https://x.example/a?token=T-1#top"},
        {"https://x.example/a?b#top", "https://x.example/a?b&token=T-1#top"},
        {"https://x.example/#/a?b", "https://x.example/?token=T-1#/a?b"},
        {"", "?token=T-1"},
        {"#", "?token=T-1#"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char link[LINK_SIZE];
        assert_true(confirm_link_build(cases[i].base, "T-1", link));
        assert_string_equal(link, cases[i].link);
    }
}

static void too_long(void **state)
{
    (void)state;
    static char base[LINK_SIZE];
    char link[LINK_SIZE];
    const size_t fits = LINK_SIZE - 1 - strlen("?token=T-1");
    memset(base, 'a', fits);
    assert_true(confirm_link_build(base, "T-1", link));
    assert_int_equal(strlen(link), LINK_SIZE - 1);
    base[fits] = 'a';
    assert_false(confirm_link_build(base, "T-1", link));
    memcpy(base, "{token}", 7);
    assert_true(confirm_link_build(base, "T-1", link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(links), cmocka_unit_test(too_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
