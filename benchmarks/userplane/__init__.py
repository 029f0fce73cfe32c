"""User traffic through TUN, beside osmo-ggsn."""
