"""The push client that runs on emulated mobiles."""
