"""Reports on their way: what each channel is sent, once a period and destination."""
