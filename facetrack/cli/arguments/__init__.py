"""What a command line says, checked before anything is imported that works.

Arguments → flags (flags.py) → known keys and choices (keys.py, with catalogue.py for what there is,
composed.py for what the command has of it, nearest.py for what was meant) → values (values.py).
hydras.py puts what Hydra itself finds wrong into a sentence.
"""
