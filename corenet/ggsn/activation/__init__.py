"""Network-requested activation: one procedure for one subscriber and APN, and all of them."""
