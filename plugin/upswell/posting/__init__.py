"""Reports on their way: when they are due, how each channel has them, once a period and destination."""
