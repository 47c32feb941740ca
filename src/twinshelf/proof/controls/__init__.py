"""What a person may do about what a diagnosis finds."""
