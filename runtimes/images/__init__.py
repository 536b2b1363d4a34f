"""Stand-ins for Lambda's official images, for machines that can't pull those: `make images`."""
