"""The GTP codec side by side with scapy's and pycrate's: ``python -m benchmarks.codec``."""
