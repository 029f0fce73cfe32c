"""The RADIUS accounting client of the GGSN."""
