/* inbox_job.h: what lies in an inbox, worked through at night. */
#ifndef INBOX_JOB_H
#define INBOX_JOB_H

#include "job.h"

/* Works on one file. `rejects`: where its rejects go; `folder`: its inbox. */
typedef enum status_code inbox_job_file(struct job *job, const char *path, const char *rejects,
                                        const char *folder);

/* Under the lock of that step: works on each file in turn, moves those into `done` that are done
 * with (STATUS_DONE, STATUS_PARTLY), and removes from there what has been kept long enough. Nothing
 * where no folder is configured (""). */
enum status_code inbox_job_run(struct job *job, const char *step, const char *folder,
                               inbox_job_file *work);

#endif
