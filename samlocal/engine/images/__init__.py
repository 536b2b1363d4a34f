"""Images: builds, pulls and their files."""
