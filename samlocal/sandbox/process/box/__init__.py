"""The program that isolates and supervises the processes of one sandbox.

It runs as a Python process of its own and imports nothing of samlocal and little of the standard library, so
that it starts within milliseconds.
"""
