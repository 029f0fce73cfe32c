"""The subcommands of ``corenet``: each has ``add_arguments`` and ``run``."""
