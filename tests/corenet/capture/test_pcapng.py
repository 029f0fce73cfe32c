"""The blocks of a pcapng file, octet by octet."""

import struct

from corenet.capture import pcapng


def test_section_header():
    """A section header has the magic, version 1.0, no length, and the application."""
    assert pcapng.section_header("core") == bytes.fromhex(
        "0a0d0d0a"  # block type: section header
        "28000000"  # total length: 40
        "4d3c2b1a"  # byte-order magic: little-endian
        "01000000"  # version 1.0
        "ffffffffffffffff"  # section length: not said
        "04000400636f7265"  # shb_userappl, 4 octets: "core"
        "00000000"  # end of options
        "28000000"  # total length again
    )


def test_interface_description():
    """An interface has its link type, no limit to a packet's length, name and description."""
    assert pcapng.interface_description("Gn", "GTP.") == bytes.fromhex(
        "01000000"  # block type: interface description
        "28000000"  # total length: 40
        "65000000"  # link type 101 (raw IP), reserved
        "00000000"  # snap length: none
        "02000200476e0000"  # if_name, 2 octets: "Gn", padding
        "030004004754502e"  # if_description, 4 octets: "GTP."
        "00000000"  # end of options
        "28000000"
    )


def test_packet_with_a_comment():
    """A packet has its interface, its time in microseconds, both lengths, padding, comment."""
    assert pcapng.packet(4, 1_700_000_000.5, b"\x45\x00\x01", "hi!") == bytes.fromhex(
        "06000000"  # block type: enhanced packet
        "30000000"  # total length: 48
        "04000000"  # interface 4
        "240a0600"  # time, high half of microseconds
        "20e12518"  # time, low half
        "03000000"  # captured length
        "03000000"  # original length
        "45000100"  # the packet, padding
        "0100030068692100"  # opt_comment, 3 octets: "hi!", padding
        "00000000"  # end of options
        "30000000"
    )
    micros = (0x00060A24 << 32) + 0x1825E120
    assert micros == 1_700_000_000_500_000


def test_packet_without_a_comment_has_no_options():
    """Without a comment the block ends after the packet, padded to four octets or not at all."""
    for length in range(6):
        block = pcapng.packet(0, 0.0, bytes(length))
        assert len(block) % 4 == 0
        assert struct.unpack_from("<I", block, 4)[0] == len(block) == 32 + (length + 3) // 4 * 4


def test_name_resolution():
    """A name record has the address, the name and a zero octet; an empty record ends the list."""
    assert pcapng.name_resolution([("127.0.10.1", "ggsn")]) == bytes.fromhex(
        "04000000"  # block type: name resolution
        "20000000"  # total length: 32
        "01000900"  # record for IPv4, 9 octets
        "7f000a01"  # 127.0.10.1
        "6767736e00000000"  # "ggsn", zero, padding
        "00000000"  # end of records
        "20000000"
    )
