"""A client of the language server: JSON-RPC over the pipes of a process, as editors speak it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any

TIMEOUT = 120
"""Seconds to wait for any answer."""


class Client:
    """One server process and what it has said."""

    def __init__(self, root: Path, encodings: tuple[str, ...] = ("utf-16",)) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "vslmc.lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.answers: Queue[dict[str, Any]] = Queue()
        self.published: Queue[dict[str, Any]] = Queue()
        self.messages: list[dict[str, Any]] = []
        self.log: list[bytes] = []
        self.number = 0
        self.versions: dict[str, int] = {}
        self.threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._read, self._drain)
        ]
        for thread in self.threads:
            thread.start()
        self.capabilities = self.start(root, encodings)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        streams = (self.process.stdin, self.process.stdout, self.process.stderr)
        for stream in streams:
            # What could not be written any more is of no interest.
            with suppress(BrokenPipeError):
                assert stream is not None
                stream.close()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
                line = stream.readline()
            message = json.loads(stream.read(length))
            if "id" in message and "method" not in message:
                self.answers.put(message)
            elif message.get("method") == "textDocument/publishDiagnostics":
                self.published.put(message["params"])
            else:
                self.messages.append(message)

    def _drain(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        self.log.extend(stream)

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request; its result; an error is raised as `Refused`."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        answer = self.answers.get(timeout=TIMEOUT)
        assert answer["id"] == self.number
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def start(self, root: Path, encodings: tuple[str, ...]) -> dict[str, Any]:
        """Initialize; the server's capabilities."""
        item = {"completionItem": {"snippetSupport": True}}
        capabilities = {
            "general": {"positionEncodings": list(encodings)},
            "textDocument": {"completion": item, "rename": {"prepareSupport": True}},
        }
        result = self.ask(
            "initialize",
            processId=None,
            rootUri=root.as_uri(),
            capabilities=capabilities,
        )
        self.notify("initialized")
        return result["capabilities"]

    def stop(self) -> int:
        """Shut down and leave; the exit code."""
        self.ask("shutdown")
        self.notify("exit")
        return self.process.wait(TIMEOUT)

    # --- documents ---

    def open(self, path: Path, text: str) -> str:
        """Open a buffer; its address."""
        uri = path.as_uri()
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        document = {
            "uri": uri,
            "languageId": "vslm",
            "version": version,
            "text": text,
        }
        self.notify("textDocument/didOpen", textDocument=document)
        return uri

    def change(self, uri: str, *changes: dict[str, Any]) -> int:
        """Change a buffer; its new version."""
        self.versions[uri] += 1
        document = {"uri": uri, "version": self.versions[uri]}
        self.notify(
            "textDocument/didChange",
            textDocument=document,
            contentChanges=list(changes),
        )
        return self.versions[uri]

    def diagnostics(self, uri: str, version: int | None = None) -> list[Any]:
        """The next diagnostics of a file, of one version if that is given."""
        while True:
            found = self.published.get(timeout=TIMEOUT)
            if found["uri"] == uri and version in (None, found.get("version")):
                return found["diagnostics"]

    def wait_for_faults(self, uri: str, some: bool) -> list[Any]:
        """The next diagnostics of a file that are some, or none.

        A file may be judged again before the news of another one reaches the server.
        """
        while True:
            found = self.diagnostics(uri)
            if bool(found) == some:
                return found

    def at(self, method: str, uri: str, line: int, column: int, **more: Any) -> Any:
        """Ask about a place."""
        place = {"line": line, "character": column}
        document = {"uri": uri}
        return self.ask(
            f"textDocument/{method}", textDocument=document, position=place, **more
        )


class Refused(Exception):
    """The server answered with an error."""
