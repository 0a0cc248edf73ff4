"""The view of a window: kept when layers are saved, and back when the file is opened again."""
