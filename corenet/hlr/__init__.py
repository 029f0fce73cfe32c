"""The HLR: subscribers, routeing information, reachability."""
