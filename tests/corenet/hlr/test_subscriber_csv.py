"""Subscribers as CSV, there and back, and what is said of wrong lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from corenet.hlr.config import Barring, SubscribedApn, Subscriber
from corenet.hlr.subscriber_csv import COLUMNS, CsvError, compose, parse

K, OP, OPC = (
    "465b5ce8b199b49faa5f0a2ee238a6bc",
    "cdc202d5123e20f62b6d676ac72cb318",
    "cd63cb71954a9f4e48a5994e37a02baf",
)
HEAD = "imsi,msisdn,algorithm,key,op,opc,sqn,apn,address,qos,barring"
QOS = "020b921f7396fefe742bffff"


def read(*lines: str, head: str = HEAD) -> list[Subscriber]:
    return list(parse([f"{line}\n" for line in (head, *lines)], "subs.csv"))


def test_a_file_is_read() -> None:
    """A line for each access point, an empty field for nothing, OPc made of OP."""
    assert read(
        f"234150000000001,447700900001,milenage,{K},{OP},,64,wap.example,10.45.0.7,{QOS}",
        f"234150000000001,447700900001,milenage,{K},{OP},,64,internet,,",
        "",
        f"234150000000002,447700900002,xor,{K},,,,,,",
        "234150000000003,447700900003,,,,,,,,,roaming",
    ) == [
        Subscriber(
            "234150000000001",
            "447700900001",
            (
                SubscribedApn("wap.example", "10.45.0.7", bytes.fromhex(QOS)),
                SubscribedApn("internet"),
            ),
            MilenageSecret(bytes.fromhex(K), bytes.fromhex(OPC)),
            64,
        ),
        Subscriber("234150000000002", "447700900002", secret=XorSecret(bytes.fromhex(K))),
        Subscriber("234150000000003", "447700900003", barring=Barring.ROAMING),
    ]


def test_columns_stand_in_any_order() -> None:
    """And those that are not needed may be left out."""
    (one,) = read("447700900001,*,234150000000001", head="msisdn, apn, imsi")
    assert one == Subscriber("234150000000001", "447700900001", (SubscribedApn("*"),))


secrets: st.SearchStrategy[Secret | None] = st.one_of(
    st.none(),
    st.builds(XorSecret, st.binary(min_size=16, max_size=16)),
    st.builds(
        MilenageSecret, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)
    ),
)


@given(
    st.lists(
        st.tuples(
            secrets,
            st.sampled_from(Barring),
            st.integers(0, 2**48 - 1),
            st.lists(
                st.builds(
                    SubscribedApn,
                    st.sampled_from(["internet", "wap.example", "*"]),
                    st.none() | st.ip_addresses().map(str),
                    st.none() | st.just(bytes.fromhex(QOS)),
                ),
                max_size=3,
            ),
        ),
        max_size=4,
    )
)
def test_what_is_written_reads_back(
    values: list[tuple[Secret | None, Barring, int, list[SubscribedApn]]],
) -> None:
    """Every subscription survives an export and an import."""
    subscribers = [
        Subscriber(
            f"23415000000000{number}",
            f"44770090000{number}",
            tuple(apns),
            secret,
            sqn if isinstance(secret, MilenageSecret) else 0,
            barring,
        )
        for number, (secret, barring, sqn, apns) in enumerate(values)
    ]
    assert list(parse(compose(subscribers), "x")) == subscribers


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["12,447700900001"], "subs.csv:2: no IMSI: '12'"),
        (["234150000000001,x"], "subs.csv:2: no MSISDN: 'x'"),
        (["", "12,4477"], "subs.csv:3: no IMSI"),
        (["234150000000001,1", "234150000000002,1"], "subs.csv:3: msisdn 1 is that of line 2"),
        (
            ["234150000000001,1", "234150000000002,2", "234150000000001,1"],
            "subs.csv:4: imsi 234150000000001 is that of line 2",
        ),
        (["234150000000001,1", "234150000000001,2"], "subs.csv:3: msisdn is not that of line 2"),
        (["234150000000001,1,des,00"], "subs.csv:2: no such algorithm: 'des'; milenage and xor"),
        ([f"234150000000001,1,milenage,{K}"], "subs.csv:2: milenage takes op or opc"),
        ([f"234150000000001,1,milenage,{K},{OP},{OPC}"], "subs.csv:2: milenage takes op or opc"),
        (["234150000000001,1,milenage,xy,,00"], "subs.csv:2: key is not hexadecimal"),
        ([f"234150000000001,1,milenage,{K},00"], "subs.csv:2: key and op have 16 octets each"),
        ([f"234150000000001,1,milenage,{K},,00"], "subs.csv:2: opc has 1 octets, not 16"),
        ([f"234150000000001,1,xor,{K},{OP}"], "subs.csv:2: xor has neither"),
        ([f"234150000000001,1,,{K}"], "subs.csv:2: key, op, opc and sqn are of an algorithm"),
        ([f"234150000000001,1,milenage,{K},,{OPC},-1"], "subs.csv:2: no sequence number"),
        ([f"234150000000001,1,milenage,{K},,{OPC},{2**48}"], "subs.csv:2: no sequence number"),
        (["234150000000001,1,,,,,,a,10.0.0"], "subs.csv:2: '10.0.0' does not appear to be"),
        (["234150000000001,1,,,,,,,10.0.0.1"], "subs.csv:2: address and qos are of an APN"),
        (["234150000000001,1,,,,,,a,,00"], "subs.csv:2: "),
        (["1,2,3,4,5,6,7,8,9,10,11,12"], "subs.csv:2: 12 fields, but 11 columns"),
        (["234150000000001,1,,,,,,,,,x"], "subs.csv:2: no such barring: 'x'; none, attach"),
        (['234150000000001,"1'], "subs.csv:2: unexpected end of data"),
    ],
)
def test_a_wrong_line_is_named(lines: list[str], says: str) -> None:
    """By file and number, and with what is wrong."""
    with pytest.raises(CsvError) as caught:
        read(*lines)
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("imsi,msisdn,colour", "subs.csv:1: no such column: 'colour'"),
        ("imsi,msisdn,imsi", "subs.csv:1: two columns imsi"),
        ("imsi,apn", "subs.csv:1: there is no column msisdn"),
    ],
)
def test_wrong_columns_are_named(head: str, says: str) -> None:
    """The first line is as much looked at as the others."""
    with pytest.raises(CsvError) as caught:
        read(head=head)
    assert str(caught.value).startswith(says)


def test_an_empty_file_has_no_columns() -> None:
    """Which is said, rather than that there are no subscribers."""
    with pytest.raises(CsvError, match=r"subs\.csv:1: there is no line that names the columns"):
        list(parse([], "subs.csv"))
    assert list(compose([])) == [",".join(COLUMNS) + "\n"]
