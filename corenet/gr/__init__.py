"""Gr to other processes: GSUP in IPA over TCP, to an HLR outside and from clients of our HLR."""
