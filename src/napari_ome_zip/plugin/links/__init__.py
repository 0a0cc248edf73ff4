"""Files behind links in a window: how they are asked for, opened meanwhile, and downloaded."""
