"""Code and layers as directories that a sandbox can mount."""
