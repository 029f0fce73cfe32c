"""The page that a browser shows of a running lab, and what it asks the lab for."""
