"""From what came in to movements: applying events, rebuilding customers, looking for signals."""
