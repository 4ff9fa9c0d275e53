"""Pages and pictures as files: written whole, compressed, taken away again."""
