#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A proxy before a node, which spoils what passes: proxy.py PORT-FILE NODE-PORT SEED [TEXT NUMBER].

Of the POSTs one in three is dropped before it is passed on; is passed on and its answer dropped; is passed on twice, or late, when nobody waits for it any
more; or its answer is cut off, or is another than the node's. Other requests pass as they are. SEED 0: nothing is spoiled.
With TEXT, of the POSTs that say it all from the given NUMBER on are answered by an error.
"""
import http.client
import http.server
import random
import sys
import threading
import time

port_file, node, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
lock = threading.Lock()
counts = {}
refused, left = (sys.argv[4].encode(), [int(sys.argv[5])]) if len(sys.argv) > 4 else (None, [0])


def pass_on(method, path, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", node, timeout=20)
    try:
        connection.request(method, path, body, {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")})
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def carry(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            how = chance.choice(["drop", "lose", "twice", "late", "cut", "error", "whole"]) if seed and self.command == "POST" and chance.random() < 0.34 else "pass"
            counts[how] = counts.get(how, 0) + 1
            left[0] -= refused is not None and refused in body
            refuses = refused is not None and refused in body and left[0] <= 0
        if refuses:
            return self.answer(200, [("Content-Type", "application/json")], b'{"results":[{"error":"disk I/O error"}]}')
        if how == "drop":
            return self.hang_up()
        if how == "late":
            request = (self.command, self.path, dict(self.headers), body)
            threading.Thread(target=lambda: (time.sleep(0.7), pass_on(*request)), daemon=True).start()
            return self.hang_up()
        try:
            status, headers, answer = pass_on(self.command, self.path, self.headers, body)
            if how == "twice":
                status, headers, answer = pass_on(self.command, self.path, self.headers, body)
        except OSError:
            return self.hang_up()
        if how == "lose":
            return self.hang_up()
        if how == "cut":
            answer = answer[: len(answer) // 2]
        if how == "error":
            return self.answer(503, [], b"leader not found")
        if how == "whole":
            return self.answer(200, [], b'{"error":"leadership lost while committing log"}')
        self.answer(status, headers, answer)

    do_GET = do_POST = carry


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(port_file + ".new", "w") as file:
    print(server.server_address[1], file=file)
import os

os.rename(port_file + ".new", port_file)
server.serve_forever()
