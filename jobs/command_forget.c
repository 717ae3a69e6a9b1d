#include <inttypes.h>
#include <sqlite3.h>

#include "commands.h"
#include "customer.h"
#include "moment.h"
#include "say.h"

/* What was erased must not stand in the WAL either. Readers at work can hold that up: then it is
 * said, and the next checkpoint does it. */
static enum status_code truncate_wal(struct job *job)
{
    int left = 0;
    if (sqlite3_wal_checkpoint_v2(job->database, "main", SQLITE_CHECKPOINT_TRUNCATE, &left, NULL) ==
        SQLITE_OK)
        return STATUS_DONE;
    say_error("%s: erased, but the write-ahead log still holds old pages (%s): run `regjob forget` "
              "again when nobody reads the ledger",
              job->config.ledger, sqlite3_errmsg(job->database));
    return STATUS_RETRY;
}

enum status_code forget_command(struct job *job)
{
    struct ledger *ledger = job->door->ledger;
    const char *subject = job->options.arguments[0];
    struct customer_forgotten forgotten;
    ledger_begin(ledger);
    customer_forget(job->door, subject, job->options.all, moment_now(), &forgotten);
    if (forgotten.refused)
        ledger_fail(ledger, SQLITE_ERROR,
                    "subject: it names several people: %s; --all erases them all",
                    forgotten.people.names);
    ledger_end(ledger);
    if (ledger_failed(ledger))
        return job_ledger_failed(job, "erasing");
    job_add(job, "forget", "attempts", (uint64_t)forgotten.attempts);
    say_note("%" PRId64 " attempts erased", forgotten.attempts);
    return truncate_wal(job);
}
