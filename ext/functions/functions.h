/* SPDX-License-Identifier: MIT */
/* functions.h: what each SQL function does. Signatures, flags and help stand in the table in reg.c.
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "functions/sql_call.h"

/* Without a ledger, or with its settings where there is one. */
sql_call_body functions_version;
sql_call_body functions_check_policy;
sql_call_body functions_hash_password;
sql_call_body functions_prepare_password;
sql_call_body functions_verify_password;
sql_call_body functions_needs_rehash;
sql_call_body functions_mask;

/* With a ledger. */
sql_call_body functions_init;
sql_call_body functions_settings;
sql_call_body functions_replace_settings;
sql_call_body functions_patch_settings;
sql_call_body functions_issue_code;
sql_call_body functions_resend_code;
sql_call_body functions_verify_code;
sql_call_body functions_email_exists;
sql_call_body functions_phone_exists;
sql_call_body functions_username_exists;
sql_call_body functions_report_payload;
sql_call_body functions_complete;
sql_call_body functions_verify_login;
sql_call_body functions_set_consent;
sql_call_body functions_record_step;
sql_call_body functions_forget;

#endif
