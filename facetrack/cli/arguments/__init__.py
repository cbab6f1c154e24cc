"""What a command line says, checked before anything is imported that works.

Arguments → flags (flags.py) → known keys and choices (keys.py, with catalogue.py for what there is,
composition.py for what the command has of it, suggestions.py for what was meant) → values
(values.py). overrides.py reads a single argument; hydra_errors.py puts what Hydra itself finds
wrong into a sentence.
"""
