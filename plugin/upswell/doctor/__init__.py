"""What ``upswell doctor`` looks at."""
