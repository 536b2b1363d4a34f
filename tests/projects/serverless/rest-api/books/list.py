import os

from books.store import BOOKS
from responses import respond


def handler(event, context):
    return respond(200, {"table": os.environ["TABLE"], "books": sorted(BOOKS)})
