"""The control interface: typed operations on the core and their errors."""
