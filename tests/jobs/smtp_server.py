# SPDX-License-Identifier: MIT
"""An SMTP server (aiosmtpd) with STARTTLS and AUTH that keeps what it gets.

smtp_server.py FOLDER CERTIFICATE KEY [plain|no-utf8]

Writes its port to FOLDER/port when it listens, each message to FOLDER/N.eml and its envelope to
FOLDER/N.json. The recipient's local part says what else happens: greylist, greylist-once (the second
time is welcome), unknown, later-data, reject-data, drop-rcpt, drop-data (closes after the final dot
without a reply), escape, overload, meet (answers once three messages wait for their answer), hang
(makes FOLDER/hanging, never answers).

While there is a file FOLDER/refuse, everybody is refused: its first word is the command that is
(EHLO with HELO, MAIL, RCPT, or DATA for its final dot), the rest the reply, where {} is the recipient. Each
such refusal adds a line to FOLDER/refused.
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder, certificate, key = sys.argv[1:4]
options = sys.argv[4:]


def refused(command, recipient=""):
    try:
        with open(os.path.join(folder, "refuse")) as file:
            named, _, reply = file.read().strip().partition(" ")
    except FileNotFoundError:
        return None
    if named != command:
        return None
    with open(os.path.join(folder, "refused"), "a") as file:
        file.write(f"{command} {recipient}\n")
    return reply.replace("{}", recipient)


class Handler:
    count = 0
    waiting = 0
    met = asyncio.Event()
    greylisted = set()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        reply = refused("EHLO")
        return [reply] if reply else responses

    async def handle_HELO(self, server, session, envelope, hostname):
        session.host_name = hostname
        return refused("EHLO") or "250 localhost"

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        reply = refused("MAIL")
        if reply:
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = refused("RCPT", address)
        if reply:
            return reply
        local = address.partition("@")[0]
        if local == "greylist":
            return "451 4.7.1 Greylisted, come back later"
        if local == "greylist-once" and address not in Handler.greylisted:
            Handler.greylisted.add(address)
            return "451 4.7.1 Greylisted, come back later"
        if local == "unknown":
            return f"550 5.1.1 <{address}>: no such user"
        if local == "escape":
            return "550 5.7.1 \x1b[2Jgone \x07"
        if local == "overload":
            return "421 4.3.2 too busy"
        if local == "drop-rcpt":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = refused("DATA", envelope.rcpt_tos[0])
        if reply:
            return reply
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local == "later-data":
            return "452 4.2.2 mailbox full"
        if local == "reject-data":
            return "554 5.6.0 not wanted"
        if local == "meet":
            Handler.waiting += 1
            if Handler.waiting == 3:
                Handler.met.set()
            await asyncio.wait_for(Handler.met.wait(), 30)
        if local == "hang":
            open(os.path.join(folder, "hanging"), "w").close()
            await asyncio.sleep(3600)
        Handler.count += 1
        name = os.path.join(folder, str(Handler.count))
        with open(name + ".eml", "wb") as file:
            file.write(envelope.original_content)
        with open(name + ".json", "w") as file:
            json.dump({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                       "authenticated": session.authenticated, "connection": session.peer[1],
                       "options": envelope.mail_options, "greeted": session.host_name}, file)
        if local == "drop-data":
            server.transport.abort()
        return "250 OK kept"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"mailer" and data.password == b"s3cret"
    return AuthResult(success=good, handled=good)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    plain = "plain" in options

    def session():
        return SMTP(Handler(), hostname="localhost", enable_SMTPUTF8="no-utf8" not in options,
                    tls_context=None if plain else context, require_starttls=not plain,
                    auth_required=not plain, auth_require_tls=not plain, authenticator=authenticate)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with open(os.path.join(folder, "port.new"), "w") as file:
        file.write(str(port))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    await server.serve_forever()


asyncio.run(main())
