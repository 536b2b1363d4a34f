"""The APIs of a project's stacks: REST, HTTP and WebSocket APIs, function URLs, load balancers and web functions."""
