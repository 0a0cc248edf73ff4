"""Which bytes of a link are fetched, together and in which order; those that are in memory."""
