"""Packets to and from the packet data network."""
