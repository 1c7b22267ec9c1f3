#!/usr/bin/env python3
"""A mail server for tests: speaks SMTP on 127.0.0.1, prints its port, and then a line of JSON for each mail that it took, as Python's
own parser of mails reads it. Refuses recipients that begin with `bad` (550) and `busy` (451), and mails that ask for it (552).

usage: mail_server.py [--certificate FILE --key FILE] [--password PASSWORD]
With a certificate it offers STARTTLS and takes nothing before that; with a password it wants a login."""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import queue
import re
import ssl
import threading

parser = argparse.ArgumentParser()
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--password")
options = parser.parse_args()
taken = queue.Queue()


def reading(sender, recipients, data, encrypted, user):
    message = email.message_from_bytes(data, policy=email.policy.strict)
    lines = data.split(b"\r\n")
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    return {
        "from": sender, "to": recipients, "encrypted": encrypted, "user": user,
        "headers": [[name, str(value)] for name, value in message.items()],
        "date": message["Date"].datetime.isoformat(),
        "text": parts.get("text/plain"), "html": parts.get("text/html"),
        "type": message.get_content_type(), "parts": [part.get_content_type() for part in message.walk()],
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
        "longest": max(map(len, lines)), "bare": len(re.findall(rb"(?<!\r)\n|\r(?!\n)", data)),
        "ascii": all(byte < 128 for byte in data),
    }


async def serve(reader, writer):
    encrypted, user, sender, recipients = False, None, None, []

    async def say(*lines):
        for line in lines:
            writer.write(line.encode() + b"\r\n")
        await writer.drain()

    await say("220 test ESMTP")
    while line := (await reader.readline()).decode().rstrip("\r\n"):
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            more = ["250-STARTTLS"] if options.certificate and not encrypted else []
            more += ["250-AUTH PLAIN"] if options.password and (encrypted or not options.certificate) else []
            await say("250-test", *more, "250 8BITMIME")
        elif verb == "STARTTLS" and options.certificate and not encrypted:
            await say("220 go ahead")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.certificate, options.key)
            try:
                await writer.start_tls(context)
            except (ssl.SSLError, ConnectionError):
                return
            encrypted = True
        elif verb == "QUIT":
            await say("221 bye")
            break
        elif options.certificate and not encrypted:
            await say("530 5.7.0 STARTTLS first")
        elif verb == "AUTH":
            words = line.split(" ")
            if len(words) < 3:
                await say("334 ")
                words.append((await reader.readline()).decode().strip())
            _, name, password = base64.b64decode(words[2]).decode().split("\0")
            if password == options.password:
                user = name
                await say("235 welcome")
            else:
                await say("535 5.7.8 wrong password")
        elif options.password and user is None:
            await say("530 5.7.0 log in first")
        elif verb == "MAIL":
            sender, recipients = re.search("<(.*?)>", line).group(1), []
            await say("250 ok")
        elif verb == "RCPT":
            address = re.search("<(.*?)>", line).group(1)
            if address.startswith("bad"):
                await say("550 5.1.1 no such user")
            elif address.startswith("busy"):
                await say("451 4.3.0 try later")
            else:
                recipients.append(address)
                await say("250 ok")
        elif verb == "DATA":
            await say("354 go on")
            data = b""
            while (part := await reader.readline()) != b".\r\n":
                data += part[1:] if part.startswith(b".") else part
            taken.put(json.dumps(reading(sender, recipients, data, encrypted, user)))
            await say("250 queued")
        else:
            await say("500 what?")
    writer.close()


def tell():
    """A mail can be longer than a pipe holds, and whoever reads the pipe may wait for the server's answer first."""
    while True:
        print(taken.get(), flush=True)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=tell, daemon=True).start()
    await server.serve_forever()


asyncio.run(main())
