"""Protocol configuration options: what mobiles ask for beside a context, and the answers."""
