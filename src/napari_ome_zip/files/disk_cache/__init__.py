"""What was fetched of links, kept on disk for another day."""
