"""Everything that runs under ``upswell serve``."""
