"""The radio link between processes: mobiles elsewhere, the network here, and the other way."""
