#!/bin/sh
# SPDX-License-Identifier: MIT
# The configuration for a system, from samples/regjob.conf: what it writes is in the folders of the user regjob (samples/systemd/tmpfiles.conf),
# not beside the file. From standard input to standard output.
exec sed \
    -e '/^# You can try this file unchanged/c\
# Unchanged, messages become files below /var/lib/regjob, and nothing leaves this machine.' \
    -e 's,^#path = ledger.db,path = /var/lib/regjob/ledger.db,' \
    -e 's,^inbox = inbox,inbox = /var/spool/regjob/inbox,' \
    -e 's,^confirm_inbox = confirmations,confirm_inbox = /var/spool/regjob/confirmations,' \
    -e 's,^inbox = exports,inbox = /var/spool/regjob/exports,' \
    -e 's,^#url = file:mail,url = file:/var/lib/regjob/mail,' \
    -e 's,^#url = file:sms,url = file:/var/lib/regjob/sms,'
