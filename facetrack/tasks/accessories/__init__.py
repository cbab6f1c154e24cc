"""`task=accessories`: what sunglasses, masks, blur and the like do to embeddings and clusters."""
