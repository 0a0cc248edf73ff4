"""Collections (RFC-8, a draft): nodes that hold nodes, or lead to them by a path."""
