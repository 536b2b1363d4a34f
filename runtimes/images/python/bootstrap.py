"""Lets the runtime interface client run `$_HANDLER`, with the function and its layers first on the path.

https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

import os
import sys

if __name__ == "__main__":
    language = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path[:0] = [
        os.environ["LAMBDA_TASK_ROOT"],
        f"/opt/python/lib/{language}/site-packages",
        "/opt/python",
    ]

    from awslambdaric.__main__ import main

    main([sys.argv[0], os.environ["_HANDLER"]])
