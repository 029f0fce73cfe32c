"""What runs on emulated mobiles: the push client and the browser."""
