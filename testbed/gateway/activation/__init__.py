"""Getting a terminal a PDP context: by the control interface, or by a datagram on Gi."""
