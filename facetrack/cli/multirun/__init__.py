"""Sweeps: between Hydra, which runs their jobs, and facetrack, which sums them up."""
