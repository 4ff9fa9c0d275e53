"""Inline SVG: charts, sketches of the way, QR codes."""
