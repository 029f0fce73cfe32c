"""Who is online, as network elements report by RADIUS accounting."""
