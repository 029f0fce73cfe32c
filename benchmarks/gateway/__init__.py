"""The push gateway beside Kannel: rates and latencies from PAP POST to datagram."""
