"""Tests of what is written: whole sites, parts of them, their record, copies and pictures."""
