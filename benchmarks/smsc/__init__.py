"""Transaction-mode pushes through the SMSC on loopback TCP: ``python -m benchmarks.smsc``."""
