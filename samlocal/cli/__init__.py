"""What a person types: commands, options, and what is shown of them."""
