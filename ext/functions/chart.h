/* SPDX-License-Identifier: MIT */
/* chart.h: reg_spark and reg_bar: charts for a terminal, as text. */
#ifndef CHART_H
#define CHART_H

#include "functions/sql_call.h"
#include "host.h"

/* reg_bar(value, max [, width]) */
sql_call_body chart_bar;

/* reg_spark(value), an aggregate: its step and its end. */
void chart_spark_step(sqlite3_context *context, int count, sqlite3_value **arguments);
void chart_spark_final(sqlite3_context *context);

#endif
