"""The GGSN: PDP contexts, address pools, network-requested activation."""
