"""One template and its nested stacks: sections, parameters, resources and references."""
