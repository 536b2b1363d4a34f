"""The console: a page that shows functions, routes and requests as they come, and sends a request again."""
