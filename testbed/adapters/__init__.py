"""The rim of the testbed: HTTP and UDP on Twisted."""
