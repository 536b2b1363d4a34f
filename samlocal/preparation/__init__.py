"""Prepares a function to run, from options as plain data.

This package does not access the command line, the environment, the streams or the folders of the process:
a `Host` has what it needs of them.
"""
