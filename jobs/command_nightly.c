#include "commands.h"
#include "say.h"
#include "stop.h"

/* In this order; each runs even where an earlier one failed. */
static const struct {
    const char *name;
    enum status_code (*run)(struct job *job);
} steps[] = {
    {"import", import_inbox}, {"confirm", confirm_inbox}, {"send", send_step},
    {"settle", settle_step},  {"report", report_step},    {"reconcile", reconcile_inbox},
};

enum status_code nightly_command(struct job *job)
{
    enum status_code status = STATUS_DONE;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (stop_asked())
            return job_worse(status, STATUS_RETRY);
        enum status_code step = steps[i].run(job);
        if (step != STATUS_DONE)
            say_note("%s ended with exit code %d", steps[i].name, (int)step);
        /* A step that another run is doing is being done. */
        status = job_worse(status, step == STATUS_LOCKED ? STATUS_DONE : step);
    }
    return status;
}
