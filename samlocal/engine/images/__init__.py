"""Images: built, pulled and looked into."""
