import logging
import os
import time

logger = logging.getLogger("ratings")


def handler(event, context):
    logger.info("below the level")
    logger.warning("two\nlines")
    print("not JSON")
    return os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]


def watched(event, context):
    print("begins ", end="", flush=True)
    time.sleep(0.5)
    print("and ends")
