"""The SGSN: mobility management and session management towards mobiles."""
