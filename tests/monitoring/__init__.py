"""The benchmarks work: what they tell is judged by people, on a quiet machine."""
