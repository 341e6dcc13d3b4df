"""Benchmarks: medians and ratios against plain tshark and the plain pyshark loop; not tests."""
