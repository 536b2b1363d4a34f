import colorama_of_nobody


def handler(event, context):
    return colorama_of_nobody.tint(event)
