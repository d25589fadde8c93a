"""A small HTTP client that costs little beside the server it measures: raw sockets, kept open, four at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

THREADS = 4


@dataclass(frozen=True)
class Answer:
    """Status, headers as received, body."""

    status: int
    head: bytes
    body: bytes

    def cookies(self) -> str:
        """What a browser would send back."""
        lines = [line for line in self.head.split(b"\r\n") if line.lower().startswith(b"set-cookie:")]
        return "; ".join(line.split(b":", 1)[1].split(b";", 1)[0].strip().decode() for line in lines)


class Client:
    """One connection to a server on loopback."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def get(self, path: str, cookies: str = "") -> Answer:
        return self._ask(f"GET {path}", cookies, b"")

    def post(self, path: str, body: bytes, cookies: str = "") -> Answer:
        return self._ask(f"POST {path}", cookies, body)

    def close(self) -> None:
        self.socket.close()

    def _ask(self, line: str, cookies: str, body: bytes) -> Answer:
        head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept-Language: id\r\n"
        if cookies:
            head += f"Cookie: {cookies}\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)
        return self._answer()

    def _answer(self) -> Answer:
        while b"\r\n\r\n" not in self.left:
            self._more()
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        low = head.lower()
        if b"transfer-encoding: chunked" in low:
            body = self._chunks()
        else:
            body = (
                self._exactly(int(low.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
                if b"content-length:" in low
                else b""
            )
        return Answer(int(head[9:12]), head, body)

    def _more(self) -> None:
        found = self.socket.recv(65536)
        if not found:
            raise ConnectionError("server menutup sambungan")
        self.left += found

    def _exactly(self, count: int) -> bytes:
        while len(self.left) < count:
            self._more()
        body, self.left = self.left[:count], self.left[count:]
        return body

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.left:
                self._more()
            size, self.left = self.left.split(b"\r\n", 1)
            piece = self._exactly(int(size, 16) + 2)[:-2]
            if not piece:
                return body
            body += piece


@dataclass(frozen=True)
class Rate:
    """What one round gave."""

    per_second: float
    median_ms: float
    p99_ms: float
    count: int


def measure(port: int, act: Callable[[Client], None], seconds: float, connections: int = THREADS) -> Rate:
    """Do `act` over so many connections for so long; it raises when an answer is not what it should be."""
    times: list[float] = []
    troubles: list[BaseException] = []
    start = time.perf_counter()

    def work() -> None:
        client = Client(port)
        try:
            while time.perf_counter() - start < seconds:
                began = time.perf_counter()
                act(client)
                times.append(time.perf_counter() - began)
        except BaseException as trouble:
            troubles.append(trouble)
        finally:
            client.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    elapsed = time.perf_counter() - start
    times.sort()
    return Rate(len(times) / elapsed, times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000, len(times))


def best(rounds: list[Rate]) -> Rate:
    """The median round."""
    return sorted(rounds, key=lambda rate: rate.per_second)[len(rounds) // 2]
