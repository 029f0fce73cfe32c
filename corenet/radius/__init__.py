"""RADIUS as a GGSN speaks it: accounting, authentication, and orders of the server."""
