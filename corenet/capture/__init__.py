"""What passed, as pcapng."""
