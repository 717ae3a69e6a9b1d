#include "who.h"

#include <string.h>

bool who_is(struct door *door, const char *text, struct who *who)
{
    const struct settings *settings = door_settings(door);
    memset(who, 0, sizeof *who);
    if (settings == NULL)
        return false;
    if (subject_fold_email(text, who->email))
        who->email_key = door_subject_key(door, SUBJECT_EMAIL, who->email);
    else
        who->email[0] = '\0';
    if (who->email[0] == '\0' && subject_phone(text, settings->default_country, who->phone))
        who->phone_key = door_subject_key(door, SUBJECT_PHONE, who->phone);
    else
        who->phone[0] = '\0';
    if (settings->username_is_phone)
        memcpy(who->username, who->phone, sizeof who->username);
    else if (!subject_fold_username(text, who->username))
        who->username[0] = '\0';
    if (who->username[0] != '\0')
        who->username_key = door_subject_key(door, SUBJECT_USERNAME, who->username);
    return who->email[0] != '\0' || who->phone[0] != '\0' || who->username[0] != '\0';
}

void who_bind(struct ledger_statement *statement, const struct who *who)
{
    if (who->email[0] != '\0')
        ledger_set_integer(statement, ":email_key", who->email_key);
    if (who->phone[0] != '\0')
        ledger_set_integer(statement, ":phone_key", who->phone_key);
    if (who->username[0] != '\0')
        ledger_set_integer(statement, ":username_key", who->username_key);
}
