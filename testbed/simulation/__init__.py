"""The virtual-time network."""
