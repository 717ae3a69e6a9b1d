/* functions.h: what each SQL function does. Signatures, flags and help stand in the table in reg.c.
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "call.h"

/* Without a ledger, or with its settings where there is one. */
call_function functions_version;
call_function functions_check_policy;
call_function functions_hash_password;
call_function functions_verify_password;
call_function functions_needs_rehash;
call_function functions_mask;

/* With a ledger. */
call_function functions_init;
call_function functions_settings;
call_function functions_replace_settings;
call_function functions_patch_settings;
call_function functions_issue_code;
call_function functions_resend_code;
call_function functions_verify_code;
call_function functions_email_exists;
call_function functions_phone_exists;
call_function functions_username_exists;
call_function functions_report_payload;
call_function functions_complete;
call_function functions_set_consent;
call_function functions_record_step;
call_function functions_forget;

#endif
