"""The command ``upswell``: what each subcommand takes, calls and says."""
