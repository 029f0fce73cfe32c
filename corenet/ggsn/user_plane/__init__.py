"""The packets of PDP contexts, between tunnels and Gi."""
