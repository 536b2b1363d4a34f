from books.store import BOOKS
from responses import respond


def handler(event, context):
    book = BOOKS.get(event["pathParameters"]["id"])
    return respond(200, book) if book else respond(404, {"message": "no such book"})
