"""From chosen options, as plain data, to a function that is ready to run.

Nothing here knows a command line, nor the environment, the streams or the folders of this process: a `Host`
carries what of them is needed.
"""
