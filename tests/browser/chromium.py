# SPDX-License-Identifier: MIT
"""Debian's Chromium without a window, driven over a pipe (--remote-debugging-pipe): each message is JSON and ends with a NUL."""
import base64
import json
import os
import select
import subprocess
import time

LIMIT_SECONDS = 60


class Chromium:
    def __init__(self, folder):
        to_browser, from_browser = os.pipe(), os.pipe()
        script = f"exec 3<&{to_browser[0]} 4>&{from_browser[1]}; exec chromium --headless=new --no-sandbox --disable-gpu " \
                 '--remote-debugging-pipe --no-first-run --disable-background-networking --user-data-dir="$1" about:blank'
        self.process = subprocess.Popen(["bash", "-c", script, "bash", os.path.join(folder, "profile")],
                                        pass_fds=(to_browser[0], from_browser[1]), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser[0])
        os.close(from_browser[1])
        self.writes, self.reads = to_browser[1], from_browser[0]
        self.buffer = b""
        self.number = 0
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reads], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium says nothing")
            some = os.read(self.reads, 1 << 20)
            if not some:
                raise EOFError("Chromium has ended")
            self.buffer += some
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def open(self, url):
        """Opens the page. Returns what it asked for, and what went wrong: console errors and warnings, exceptions, broken policy."""
        self.events = []
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + LIMIT_SECONDS
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            message = self.receive(deadline)
            if "method" in message:
                self.events.append(message)
        self.settle()
        requests = [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        wrong = [e["params"] for e in self.events if e["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
                 or (e["method"] == "Runtime.consoleAPICalled" and e["params"]["type"] in ("error", "warning", "assert"))]
        return requests, wrong

    def settle(self):
        """Until what has been asked for is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def media(self, medium, scheme):
        self.call("Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def picture(self, path):
        """The whole page as PNG, for a person to look at."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, fromSurface=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, EOFError, TimeoutError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
