"""Shows what the function sees below a directory, and imports what its layers bring."""

import base64
import importlib
import os
import stat


def tree(event, context):
    """Return kind, permissions and content of everything below a directory."""
    top = event["directory"]
    found = {}
    for directory, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(directory, name)
            found[os.path.relpath(path, top)] = describe(path)
    return found


def describe(path):
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return ["link", os.readlink(path)]
    if stat.S_ISDIR(mode):
        return ["directory", stat.S_IMODE(mode)]
    with open(path, "rb") as file:
        return ["file", stat.S_IMODE(mode), base64.b64encode(file.read()).decode()]


def imports(event, context):
    """Return the `answer` of each module."""
    return {name: importlib.import_module(name).answer for name in event["modules"]}


def writes(event, context):
    """Return why a file can't be made."""
    try:
        open(event["path"], "w").close()
    except OSError as error:
        return error.strerror
