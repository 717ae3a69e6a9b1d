/* SPDX-License-Identifier: MIT */
/* The bytes of rejects, copied from the file that they are in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "import/rejects.h"
#include "../folder.h"

struct copy {
    struct rejects rejects;
    int input;
    char path[FOLDER_PATH];
};

static struct copy begin(const char *name, const char *bytes)
{
    struct copy copy = {.input = -1};
    char path[FOLDER_PATH];
    folder_write(name, bytes);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(copy.path, sizeof copy.path, "%s/%s.rejects", folder, name);
    copy.input = open(path, O_RDONLY);
    assert_true(copy.input >= 0);
    rejects_begin(&copy.rejects, AT_FDCWD, copy.path, 0, 0, UINT64_MAX);
    return copy;
}

static void end(struct copy *copy)
{
    rejects_end(&copy->rejects);
    close(copy->input);
}

static void bytes_are_copied_under_the_header(void **state)
{
    (void)state;
    char found[64] = "";
    struct copy copy = begin("whole.csv", "email\none\ntwo");
    assert_true(rejects_copy(&copy.rejects, "email\n", 6, copy.input, 10, 3));
    assert_true(rejects_sync(&copy.rejects));
    FILE *file = fopen(copy.path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof found - 1, file), 10);
    fclose(file);
    assert_string_equal(found, "email\ntwo\n");
    end(&copy);
}

/* No error of the system: there is nothing to be told by errno, whatever was in it. */
static void bytes_that_are_gone_are_no_error_of_the_system(void **state)
{
    (void)state;
    struct copy copy = begin("short.csv", "email\none\n");
    errno = ENOENT;
    assert_false(rejects_copy(&copy.rejects, "email\n", 6, copy.input, 6, 100));
    assert_int_equal(errno, 0);
    end(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_copied_under_the_header),
        cmocka_unit_test(bytes_that_are_gone_are_no_error_of_the_system),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
