"""A service: its names, and its sections, each resolved when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.errors import TemplateError
from samlocal.serverless.template.sections import Section, is_set, present

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.variables import Variables

_AWS: Final = "aws"


class Service:
    """A service whose functions run on AWS.

    https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
    """

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.functions = Section(variables, "functions")
        self.layers = Section(variables, "layers")
        self.resources = Section(variables, "resources", is_optional=True)

    @property
    def root(self) -> Node:
        """The configuration as it is written."""
        return self.variables.configuration.root

    @property
    def directory(self) -> Path:
        """The directory of the configuration, absolute."""
        return self.variables.configuration.directory

    @property
    def stage(self) -> str:
        return self.variables.stage

    @property
    def region(self) -> str:
        return self.variables.region

    def node(self, *path: str) -> Node | None:
        """Return the value at a path; variables inside of it are not resolved."""
        return self.variables.at(*path)

    def value(self, *path: str) -> Node | None:
        """Return the resolved value at a path; None if it is missing or null."""
        node = self.variables.at(*path)
        return None if node is None else present(self.variables.resolve(node))

    def setting(self, key: str, name: str) -> Node | None:
        """Return a resolved value of a function, else the provider's.

        One that is false in JavaScript does not count for the function.
        """
        own = self.functions.value(key, name)
        return own if is_set(own) else self.value("provider", name)

    @cached_property
    def name(self) -> str:
        """The name of the service.

        Raises:
            TemplateError: it has none.
        """
        node = self.value("service")
        if node is None:
            raise TemplateError(
                "the configuration has no `service`",
                place=self.root.place,
                hint="name the service: `service: my-service`",
            )
        if isinstance(node.value, dict):
            name = node.get("name")
            shown = name.optional_text() if name else None
            raise TemplateError(
                "`service` must be the name of the service, not a mapping",
                place=node.place,
                hint=f"write `service: {shown or 'NAME'}`; Serverless refuses `service.name` since version 3",
            )
        return node.text("`service`")

    @cached_property
    def stack_name(self) -> str:
        """The name of the stack, for `AWS::StackName`."""
        node = self.value("provider", "stackName")
        own = node.optional_text() if node else None
        return own or f"{self.name}-{self.stage}"

    def check_provider(self) -> None:
        """Check that the functions run on AWS.

        Raises:
            TemplateError: there is no provider, or another one.
        """
        provider = self.node("provider")
        if provider is None or provider.value is None:
            raise TemplateError(
                "the configuration has no `provider`",
                place=self.root.place,
                hint="add `provider: {name: aws}`",
            )
        node = provider
        if not isinstance(provider.value, str):
            provider.entries("`provider`")
            found = self.value("provider", "name")
            if found is None:
                raise TemplateError(
                    "`provider` has no `name`",
                    place=self.root.place_of("provider"),
                    hint="add `name: aws`",
                )
            node = found
        name = node.text("the provider")
        if name != _AWS:
            raise TemplateError(
                f"the service runs on `{name}`, and samlocal runs functions of AWS Lambda",
                place=node.place,
                hint="functions need `provider: {name: aws}`",
            )

    def function_name(self, key: str) -> str:
        """Return the name of a function in AWS: its `name`, else `SERVICE-STAGE-KEY`."""
        own = self.functions.value(key, "name")
        text = own.text(f"the name of `{key}`") if own and is_set(own) else None
        return text or f"{self.name}-{self.stage}-{key}"

    @cached_property
    def plugins(self) -> tuple[Node, ...]:
        """The plugins of the service, in their order.

        Raises:
            TemplateError: they are not a list.
        """
        node = self.value("plugins")
        if node is not None and isinstance(node.value, dict):
            node = present(node.get("modules"))
        return node.items("`plugins`") if node else ()

    def has_plugin(self, name: str) -> bool:
        """Return whether the service uses a plugin."""
        return any(each.optional_text() == name for each in self.plugins)

    @property
    def major_version(self) -> int | None:
        """The major version of Serverless that is installed beside the service, else the one that it asks for."""
        return self.variables.major_version
