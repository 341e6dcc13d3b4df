"""Reads free-form write-ups: where each question's answer stands, and what value it states."""
