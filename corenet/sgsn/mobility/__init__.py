"""Mobility management: attach, detach, routing areas, moves between SGSNs, authentication."""
