"""Marks given answers against expected ones: verdict, points, confusion, feedback."""
