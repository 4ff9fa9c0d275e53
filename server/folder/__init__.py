"""What concerns one machine: its settings, its own tables, writes that tell how safe they are."""
