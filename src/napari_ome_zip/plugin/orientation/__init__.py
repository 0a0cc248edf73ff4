"""Which way is anterior: words at the edges of a canvas."""
