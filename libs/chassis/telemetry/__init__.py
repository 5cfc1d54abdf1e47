"""What a process tells about itself: logs, metrics, traces, and whether it is ready."""
