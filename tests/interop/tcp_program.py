"""A TCP transfer both ways: ``serve ADDRESS PORT`` sends back what it gets, ``ask`` compares."""

from __future__ import annotations

import random
import socket
import sys
import threading

OCTETS = 400_000


def serve(address: str, port: int) -> None:
    """Send back whatever one client after the other sends."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as server:
        print("listening", flush=True)
        while True:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)


def ask(address: str, port: int) -> None:
    """Send octets, read them back, and say whether they are the same."""
    sent = random.Random(1).randbytes(OCTETS)
    received = bytearray()
    with socket.create_connection((address, port), timeout=60) as connection:

        def write() -> None:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)

        writing = threading.Thread(target=write)
        writing.start()
        while data := connection.recv(65536):
            received += data
        writing.join()
    print("same" if bytes(received) == sent else f"{len(received)} octets, and not the same")


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
