BOOKS = {"1": {"id": "1", "title": "Momo"}, "2": {"id": "2", "title": "Emil"}}
