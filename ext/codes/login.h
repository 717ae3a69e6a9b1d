/* SPDX-License-Identifier: MIT */
/*
 * login.h: the password of a customer, when he logs in: verified by the hash that the ledger keeps,
 * whatever system has made that, and hashed anew where the settings ask for more.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <stdbool.h>

struct session;

/*
 * Whether it is the password of the customer that the subject names (e-mail address, phone number
 * or username). A subject that names nobody, several customers or one without a password costs a
 * hash as the settings ask for it, so that neither the answer nor the time tells it from a wrong
 * password.
 *
 * No lock is held while it is hashed, except one that the caller holds. Where the new hash cannot
 * be written, since somebody else writes or the database is read-only, the old one stays until the
 * next time. False with the ledger's error set after an error.
 */
bool login_verify(struct session *session, const char *subject, const char *password);

#endif
