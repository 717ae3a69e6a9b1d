/* SPDX-License-Identifier: MIT */
/* dashboard_reconciliation.h: the reconciliation on the dashboard's page: the newest export of the
 * vendor against the ledger. */
#ifndef DASHBOARD_RECONCILIATION_H
#define DASHBOARD_RECONCILIATION_H

#include <jansson.h>

#include "run/job.h"
#include "page/page.h"

/*
 * Puts the newest export of the configured inbox, or of its `done` folder, into the page, and the
 * numbers of its chart as `reconciliation` into `data`. Where there is none the page says so.
 * EXIT_DONE, also where not all is explained; else what kept the export from being read, which
 * has been said, in the page too.
 */
enum exit_code dashboard_reconciliation_put(struct page *page, struct job *job, json_t *data);

#endif
