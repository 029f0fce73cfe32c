"""Subscribers as CSV: a line for each APN of each subscriber.

The first line names the columns. Lines of one subscriber stand together, and say the same of it.
An empty field is nothing; octets are hexadecimal digits.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from typing import ParamSpec, TypeVar

from corenet.authentication.milenage import opc_of
from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from corenet.hlr.config import Barring, SubscribedApn, Subscriber

_OF_SUBSCRIBER = ("imsi", "msisdn", "algorithm", "key", "op", "opc", "sqn", "barring")
_OF_APN = ("apn", "address", "qos")
P = ParamSpec("P")
T = TypeVar("T")

COLUMNS = (*_OF_SUBSCRIBER, *_OF_APN)
"""Every column; ``imsi`` and ``msisdn`` have to be there."""
_LARGEST_SQN = (1 << 48) - 1


class CsvError(ValueError):
    """A file is wrong; the message begins with its name and the line."""


def parse(lines: Iterable[str], name: str) -> Iterator[Subscriber]:
    """Yield the subscribers of a file called ``name``. Raises CsvError."""
    imsis: dict[str, int] = {}
    msisdns: dict[str, int] = {}
    gathered: tuple[int, Mapping[str, str], list[SubscribedApn]] | None = None
    for line, row in _rows(lines, name):
        subscriber = {column: row.get(column, "") for column in _OF_SUBSCRIBER}
        apn = _at(name, line, _apn, row)
        if gathered is not None and gathered[1]["imsi"] == subscriber["imsi"]:
            differing = [one for one in _OF_SUBSCRIBER if gathered[1][one] != subscriber[one]]
            if differing:
                raise CsvError(f"{name}:{line}: {differing[0]} is not that of line {gathered[0]}")
            gathered[2].extend(apn)
            continue
        if gathered is not None:
            yield _at(name, gathered[0], _subscriber, gathered[1], gathered[2])
        for what, seen in (("imsi", imsis), ("msisdn", msisdns)):
            before = seen.setdefault(subscriber[what], line)
            if before != line:
                raise CsvError(f"{name}:{line}: {what} {subscriber[what]} is that of line {before}")
        gathered = line, subscriber, apn
    if gathered is not None:
        yield _at(name, gathered[0], _subscriber, gathered[1], gathered[2])


def compose(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Yield the lines of a file with these subscribers, the first of which names the columns."""
    yield _line(COLUMNS)
    for subscriber in subscribers:
        secret = subscriber.secret
        algorithm, key, opc = "", b"", b""
        if isinstance(secret, MilenageSecret):
            algorithm, key, opc = "milenage", secret.k, secret.opc
        elif isinstance(secret, XorSecret):
            algorithm, key = "xor", secret.ki
        sqn = str(subscriber.sqn) if algorithm == "milenage" else ""
        own = (
            subscriber.imsi,
            subscriber.msisdn,
            algorithm,
            key.hex(),
            "",
            opc.hex(),
            sqn,
            str(subscriber.barring),
        )
        for apn in subscriber.apns:
            qos = "" if apn.qos is None else apn.qos.hex()
            yield _line((*own, apn.apn, apn.static_address or "", qos))
        if not subscriber.apns:
            yield _line((*own, "", "", ""))


def _rows(lines: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line's number and fields by column."""
    reader = csv.reader(lines, strict=True)
    columns: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise CsvError(f"{name}:{line}: {error}") from None
        if columns is None:
            columns = [field.strip() for field in fields]
            _check_columns(columns, name, line)
        elif len(fields) > len(columns):
            raise CsvError(f"{name}:{line}: {len(fields)} fields, but {len(columns)} columns")
        elif fields:
            yield line, dict(zip(columns, (field.strip() for field in fields), strict=False))
    if columns is None:
        raise CsvError(f"{name}:1: there is no line that names the columns")


def _check_columns(columns: list[str], name: str, line: int) -> None:
    for column in columns:
        if column not in COLUMNS:
            raise CsvError(f"{name}:{line}: no such column: {column!r}; {', '.join(COLUMNS)} are")
        if columns.count(column) > 1:
            raise CsvError(f"{name}:{line}: two columns {column}")
    for needed in ("imsi", "msisdn"):
        if needed not in columns:
            raise CsvError(f"{name}:{line}: there is no column {needed}")


def _at(name: str, line: int, make: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Call ``make``; an error of it gets its place."""
    try:
        return make(*values, **named)
    except ValueError as error:
        raise CsvError(f"{name}:{line}: {error}") from None


def _apn(row: Mapping[str, str]) -> list[SubscribedApn]:
    apn, address, qos = (row.get(column, "") for column in _OF_APN)
    if not apn:
        if address or qos:
            raise ValueError("address and qos are of an APN, and there is none")
        return []
    return [SubscribedApn(apn, address or None, _octets("qos", qos) if qos else None)]


def _subscriber(row: Mapping[str, str], apns: list[SubscribedApn]) -> Subscriber:
    sqn = row["sqn"] or "0"
    if not (sqn.isascii() and sqn.isdigit() and int(sqn) <= _LARGEST_SQN):
        raise ValueError(f"no sequence number of 48 bits: {sqn!r}")
    try:
        barring = Barring(row["barring"] or Barring.NONE)
    except ValueError:
        raise ValueError(f"no such barring: {row['barring']!r}; {', '.join(Barring)} are") from None
    return Subscriber(row["imsi"], row["msisdn"], tuple(apns), _secret(row), int(sqn), barring)


def _secret(row: Mapping[str, str]) -> Secret | None:
    algorithm, op, opc = row["algorithm"], row["op"], row["opc"]
    if not algorithm:
        if row["key"] or op or opc or row["sqn"]:
            raise ValueError("key, op, opc and sqn are of an algorithm, and there is none")
        return None
    key = _octets("key", row["key"])
    if algorithm == "xor":
        if op or opc or row["sqn"]:
            raise ValueError("xor has neither op, opc nor sqn")
        return XorSecret(key)
    if algorithm != "milenage":
        raise ValueError(f"no such algorithm: {algorithm!r}; milenage and xor are")
    if bool(op) == bool(opc):
        raise ValueError("milenage takes op or opc, one of the two")
    if opc:
        return MilenageSecret(key, _octets("opc", opc))
    if len(key) != len(_octets("op", op)):
        raise ValueError("key and op have 16 octets each")
    return MilenageSecret(key, opc_of(key, _octets("op", op)))


def _octets(what: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"{what} is not hexadecimal") from None


def _line(fields: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerow(fields)
    return out.getvalue()
