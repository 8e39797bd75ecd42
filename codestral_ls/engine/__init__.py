"""State, time and the local disk. The engine is handed a `Model` and does not know how it is reached."""
