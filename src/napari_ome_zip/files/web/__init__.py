"""Files on web servers: how they are asked, and what may go wrong."""
