"""WebSocket APIs: connections of clients, the functions of their routes, and the `@connections` endpoint.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
"""
