"""Figures of invocations for people, programs and collectors of traces."""
