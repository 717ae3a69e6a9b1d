/* SPDX-License-Identifier: MIT */
/* test_metrics.c: the OpenMetrics text byte for byte, and how it gets into its file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/metrics.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char file[128];
static struct error error;

static void the_text_is_open_metrics(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_start();
    const struct metrics_label step[] = {{"step", "send"}, {"channel", "email"}};

    metrics_family(metrics, "regjob_codes_sent", METRICS_COUNTER, "Codes handed over.");
    metrics_sample(metrics, step, 2, 12);
    metrics_sample(metrics, step, 1, 0);
    metrics_family(metrics, "regjob_queue_length", METRICS_GAUGE, "Codes that wait.");
    metrics_sample(metrics, NULL, 0, 0.25);
    assert_string_equal(metrics_text(metrics, &error),
                        "# TYPE regjob_codes_sent counter\n"
                        "# HELP regjob_codes_sent Codes handed over.\n"
                        "regjob_codes_sent_total{step=\"send\",channel=\"email\"} 12\n"
                        "regjob_codes_sent_total{step=\"send\"} 0\n"
                        "# TYPE regjob_queue_length gauge\n"
                        "# HELP regjob_queue_length Codes that wait.\n"
                        "regjob_queue_length 0.25\n"
                        "# EOF\n");
    metrics_end(metrics);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_start();
    const struct metrics_label labels[] = {{"file", "a\"b\\c\nd\xC3\xA9\xFF"}, {"none", NULL}};

    metrics_family(metrics, "x", METRICS_GAUGE, "one \"two\" \\ three\nfour");
    metrics_sample(metrics, labels, 2, 1);
    assert_string_equal(metrics_text(metrics, &error),
                        "# TYPE x gauge\n"
                        "# HELP x one \\\"two\\\" \\\\ three\\nfour\n"
                        "x{file=\"a\\\"b\\\\c\\nd\xC3\xA9\xEF\xBF\xBD\",none=\"\"} 1\n"
                        "# EOF\n");
    metrics_end(metrics);
}

static void value_is(double value, const char *expected)
{
    struct metrics *metrics = metrics_start();
    char text[256];

    metrics_family(metrics, "x", METRICS_GAUGE, "h");
    metrics_sample(metrics, NULL, 0, value);
    snprintf(text, sizeof text, "# TYPE x gauge\n# HELP x h\nx %s\n# EOF\n", expected);
    assert_string_equal(metrics_text(metrics, &error), text);
    metrics_end(metrics);
}

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    value_is(0, "0");
    value_is(-3, "-3");
    value_is(1700000000.125, "1700000000.125");
    value_is(123456789012345, "123456789012345");
    value_is(0.1, "0.1");
    value_is(0.1 + 0.2, "0.30000000000000004");
    value_is((double)INFINITY, "+Inf");
    value_is(-(double)INFINITY, "-Inf");
    value_is((double)NAN, "NaN");
}

/* Each makes one mistake; the text is then refused as a whole, with the first mistake named. */
static void begin_twice(struct metrics *metrics)
{
    metrics_family(metrics, "x", METRICS_GAUGE, "h");
    metrics_family(metrics, "y", METRICS_GAUGE, "h");
    metrics_family(metrics, "x", METRICS_GAUGE, "h");
}

static void wrong_name(struct metrics *metrics)
{
    metrics_family(metrics, "9x", METRICS_GAUGE, "h");
}

static void own_total(struct metrics *metrics)
{
    metrics_family(metrics, "x_total", METRICS_COUNTER, "h");
}

static void wrong_label(struct metrics *metrics)
{
    const struct metrics_label label = {"a b", "c"};
    metrics_family(metrics, "x", METRICS_GAUGE, "h");
    metrics_sample(metrics, &label, 1, 1);
}

static void no_family(struct metrics *metrics)
{
    metrics_sample(metrics, NULL, 0, 1);
}

static void negative_counter(struct metrics *metrics)
{
    metrics_family(metrics, "x", METRICS_COUNTER, "h");
    metrics_sample(metrics, NULL, 0, -1);
}

static void mistakes_are_not_written(void **state)
{
    (void)state;
    static const struct {
        void (*make)(struct metrics *);
        const char *message;
    } mistakes[] = {
        {begin_twice, "metric x: a family is begun twice"},
        {wrong_name, "metric 9x: expected a name of letters, digits and _ without _total"},
        {own_total, "metric x_total: expected a name of letters, digits and _ without _total"},
        {wrong_label, "metric x: a label has a wrong name"},
        {no_family, "metric : a sample stands outside of a family"},
        {negative_counter, "metric x: a counter is never negative"},
    };

    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct metrics *metrics = metrics_start();
        mistakes[i].make(metrics);
        metrics_family(metrics, "later", METRICS_GAUGE, "h");
        assert_false(metrics_write(metrics, file, &error));
        assert_string_equal(error.text, mistakes[i].message);
        assert_int_equal(access(file, F_OK), -1);
        metrics_end(metrics);
    }
}

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        count += entry->d_name[0] != '.';
    }
    closedir(listing);
    return count;
}

static void the_file_is_replaced_as_a_whole(void **state)
{
    (void)state;
    struct stat before;
    struct stat after;
    char text[256] = "";

    for (int round = 0; round < 2; round++) {
        struct metrics *metrics = metrics_start();
        mode_t old = umask(0077);
        metrics_family(metrics, "x", METRICS_GAUGE, "h");
        metrics_sample(metrics, NULL, 0, round);
        assert_true(metrics_write(metrics, file, &error));
        umask(old);
        metrics_end(metrics);
        assert_int_equal(stat(file, round == 0 ? &before : &after), 0);
    }
    assert_int_equal(after.st_mode & 07777, 0644);
    assert_true(before.st_ino != after.st_ino); /* renamed over, not written into */
    assert_int_equal(files_in_folder(), 1);
    FILE *written = fopen(file, "r");
    assert_non_null(written);
    assert_true(fread(text, 1, sizeof text - 1, written) > 0);
    fclose(written);
    assert_string_equal(text, "# TYPE x gauge\n# HELP x h\nx 1\n# EOF\n");
    assert_int_equal(unlink(file), 0);
}

static void a_failure_is_named_and_leaves_nothing(void **state)
{
    (void)state;
    char path[128];
    struct metrics *metrics = metrics_start();

    snprintf(path, sizeof path, "%s/none/x.prom", folder);
    assert_false(metrics_write(metrics, path, &error));
    assert_non_null(strstr(error.text, "cannot be created: No such file or directory"));
    assert_false(metrics_write(metrics, folder, &error)); /* a folder in its place */
    assert_non_null(strstr(error.text, "cannot be written: Is a directory"));
    assert_int_equal(files_in_folder(), 0);

    snprintf(path, sizeof path, "%.40s.%ld.tmp", folder, (long)getpid());
    assert_int_equal(access(path, F_OK), -1);
    metrics_end(metrics);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_metrics.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(file, sizeof file, "%s/x.prom", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_open_metrics),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(mistakes_are_not_written),
        cmocka_unit_test(the_file_is_replaced_as_a_whole),
        cmocka_unit_test(a_failure_is_named_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("metrics", tests, make_folder, remove_folder);
}
