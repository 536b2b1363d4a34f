"""The resources that Serverless makes of the events of functions that answer requests over HTTP.

https://www.serverless.com/framework/docs/providers/aws/guide/events
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import error_diagnostic
from samlocal.errors import ProjectError
from samlocal.serverless.template.event_resources import EventResources
from samlocal.serverless.template.function_url_settings import compile_function_urls
from samlocal.serverless.template.http_api_events import compile_http_api_events
from samlocal.serverless.template.load_balancer_events import compile_load_balancer_events
from samlocal.serverless.template.rest_events import compile_rest_events
from samlocal.serverless.template.websocket_events import compile_websocket_events

if TYPE_CHECKING:
    from samlocal.serverless.template.service import Service


def compile_events(service: Service) -> EventResources:
    """Return the resources of all such events by logical id, and what is said about those that have an error."""
    made = EventResources(service)
    for compile_kind in (
        compile_rest_events,
        compile_http_api_events,
        compile_websocket_events,
        compile_load_balancer_events,
        compile_function_urls,
    ):
        try:
            compile_kind(made)
        except ProjectError as error:  # in the settings of the provider
            made.failures.append(error_diagnostic(error))
    return made
