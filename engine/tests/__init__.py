"""Tests of the Rasa components, run in the engine's environment (python -m unittest)."""
