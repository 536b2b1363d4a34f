"""Runs the function `$_HANDLER` with AWS's runtime interface client if there is one, else with samlocal's.

The arguments are the directories of Python in layers. They follow the function on the search path:
https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

if __name__ == "__main__":
    # The runtime's version: the interpreter may be of another one.
    language = os.environ["AWS_EXECUTION_ENV"].rpartition("_")[2]
    layers = sys.argv[1:]
    sys.path[:0] = [
        os.environ["LAMBDA_TASK_ROOT"],
        *(f"{layer}/lib/{language}/site-packages" for layer in layers),
        *layers,
    ]
    del sys.argv[1:]
    handler = os.environ["_HANDLER"]
    # AWS's client needs its native part.
    if find_spec("runtime_client") and find_spec("awslambdaric"):
        import_module("awslambdaric.__main__").main([sys.argv[0], handler])
    else:
        import_module("samlocal_runtime.main").main(handler)
