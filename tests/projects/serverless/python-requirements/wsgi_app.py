import os

import tinymoney


def handler(event, context):
    return {"total": tinymoney.show(sum(event["amounts"]), os.environ["CURRENCY"])}
