"""Bundles on a stick: encrypted to one node, signed by another, whole or not at all."""
