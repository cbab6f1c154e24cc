"""Faults on purpose: what survives when facetrack is killed or fed with rubbish.

`make faults` runs the whole campaign and writes RELIABILITY.md; tests/test_faults.py runs a little
of each. Everything is drawn from a seed.
"""
