"""Corenet in Wireshark: running labs in its list of interfaces, and a profile for what it shows."""
