/* SPDX-License-Identifier: MIT */
#include "functions/chart.h"

#include <math.h>
#include <string.h>

enum {
    BAR_WIDTH = 20, /* cells, unless given */
    BAR_MOST_WIDTH = 200,
    EIGHTHS = 8,
    BLOCK_BYTES = 3, /* of a block character in UTF-8 */
    SPARK_LEVELS = 8,
    SPARK_MOST_VALUES = 100000
};

/* One eighth to a whole cell, from the left. */
static const char *const partial_blocks[EIGHTHS] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
static const char *const levels[SPARK_LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

/* -- reg_bar -- */

/* A finite number. False with the call's error set. */
static bool read_number(struct sql_call *call, int argument, const char *what, double *number)
{
    int type = sqlite3_value_numeric_type(call->arguments[argument]);
    *number = sqlite3_value_double(call->arguments[argument]);
    if ((type == SQLITE_INTEGER || type == SQLITE_FLOAT) && isfinite(*number))
        return true;
    sql_call_fail(call, SQLITE_ERROR, "argument %d (%s): expected a finite number", argument + 1,
                  what);
    return false;
}

static bool read_width(struct sql_call *call, int *width)
{
    int64_t given = BAR_WIDTH;
    if (call->count == 3 && !sql_call_integer(call, 2, "width", &given))
        return false;
    if (given < 1 || given > BAR_MOST_WIDTH) {
        sql_call_fail(call, SQLITE_ERROR, "argument 3 (width): expected an integer from 1 to %d",
                      BAR_MOST_WIDTH);
        return false;
    }
    *width = (int)given;
    return true;
}

/* Something is never shown as nothing, and less than all never as all. */
static int eighths_of(double value, double most, int width)
{
    int all = width * EIGHTHS;
    if (!(value > 0) || !(most > 0))
        return 0;
    if (value >= most)
        return all;
    int eighths = (int)(value / most * all);
    return eighths < 1 ? 1 : eighths > all - 1 ? all - 1 : eighths;
}

void chart_bar(struct sql_call *call)
{
    char text[BAR_MOST_WIDTH * BLOCK_BYTES + 1] = "";
    double value, most;
    int width;
    if (!read_width(call, &width) || sql_call_is_null(call, 0) || sql_call_is_null(call, 1))
        return; /* NULL, or the error */
    if (!read_number(call, 0, "value", &value) || !read_number(call, 1, "max", &most))
        return;
    int eighths = eighths_of(value, most, width), length = 0;
    for (; eighths >= EIGHTHS; eighths -= EIGHTHS, length += BLOCK_BYTES)
        memcpy(text + length, partial_blocks[EIGHTHS - 1], BLOCK_BYTES);
    if (eighths > 0) {
        memcpy(text + length, partial_blocks[eighths - 1], BLOCK_BYTES);
        length += BLOCK_BYTES;
    }
    sqlite3_result_text(call->context, text, length, SQLITE_TRANSIENT);
}

/* -- reg_spark -- */

/* The values so far; NAN stands for NULL. */
struct spark {
    double *values;
    size_t count, capacity;
    bool failed;
};

static void fail(struct spark *spark, sqlite3_context *context, const char *error)
{
    spark->failed = true;
    sqlite3_result_error(context, error, -1);
}

static bool make_room(struct spark *spark)
{
    if (spark->count < spark->capacity)
        return true;
    size_t capacity = spark->capacity == 0 ? 64 : 2 * spark->capacity;
    double *values = sqlite3_realloc64(spark->values, capacity * sizeof *values);
    if (values == NULL)
        return false;
    spark->values = values;
    spark->capacity = capacity;
    return true;
}

void chart_spark_step(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct spark *spark = sqlite3_aggregate_context(context, sizeof *spark);
    (void)count;
    if (spark == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (spark->failed)
        return;
    bool null = sqlite3_value_type(arguments[0]) == SQLITE_NULL;
    int type = sqlite3_value_numeric_type(arguments[0]);
    double value = null ? (double)NAN : sqlite3_value_double(arguments[0]);
    if (!null && ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || !isfinite(value))) {
        fail(spark, context, "reg_spark: argument 1 (value): expected a finite number");
    } else if (spark->count == SPARK_MOST_VALUES) {
        fail(spark, context, "reg_spark: expected at most 100000 values");
    } else if (!make_room(spark)) {
        spark->failed = true;
        sqlite3_result_error_nomem(context);
    } else {
        spark->values[spark->count++] = value;
    }
}

/* Heights are measured from zero, or from the lowest value where that is below. */
static void draw(const struct spark *spark, sqlite3_str *text)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < spark->count; i++) {
        low = spark->values[i] < low ? spark->values[i] : low;
        high = spark->values[i] > high ? spark->values[i] : high;
    }
    for (size_t i = 0; i < spark->count; i++) {
        /* Halves keep the largest numbers from overflowing. */
        double height = high > low ? (spark->values[i] / 2 - low / 2) / (high / 2 - low / 2) : 0;
        if (isnan(spark->values[i]))
            sqlite3_str_appendchar(text, 1, ' ');
        else
            sqlite3_str_append(text, levels[(int)lround(height * (SPARK_LEVELS - 1))], BLOCK_BYTES);
    }
}

/* Also called where a step has failed, so that what was taken is freed. */
void chart_spark_final(sqlite3_context *context)
{
    struct spark *spark = sqlite3_aggregate_context(context, 0);
    if (spark == NULL)
        return; /* over no rows: NULL */
    if (!spark->failed) {
        sqlite3_str *text = sqlite3_str_new(NULL);
        draw(spark, text);
        int length = sqlite3_str_length(text);
        char *result = sqlite3_str_finish(text);
        if (result == NULL)
            sqlite3_result_error_nomem(context);
        else
            sqlite3_result_text(context, result, length, sqlite3_free);
    }
    sqlite3_free(spark->values);
    spark->values = NULL;
}
