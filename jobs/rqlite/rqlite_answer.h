/* SPDX-License-Identifier: MIT */
/* rqlite_answer.h: what an answer of rqlite's means. Errors stand at three levels: the status, a
 * member of the whole, and one of each result; and where there are fewer results than statements
 * that is one, too. */
#ifndef RQLITE_ANSWER_H
#define RQLITE_ANSWER_H

#include "rqlite/rqlite.h"

enum rqlite_verdict {
    RQLITE_ANSWER_DONE,
    RQLITE_ANSWER_REFUSED, /* by SQLite: the same the next time */
    RQLITE_ANSWER_DENIED,
    RQLITE_ANSWER_AGAIN /* nobody knows what became of it, or nobody could take it now */
};

/* Of a request of so many statements. `results` is set where it is done. */
enum rqlite_verdict rqlite_answer_judge(long status, const char *text, size_t length,
                                        size_t statements, json_t **results, struct error *error);

#endif
