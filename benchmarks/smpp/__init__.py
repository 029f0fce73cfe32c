"""SMPP codec beside smpplib's, and sessions by themselves: ``python -m benchmarks.smpp``."""
