"""A GGSN driven by a scripted SGSN, beside osmo-ggsn: `python -m benchmarks.ggsn`."""
