"""Names of faces in XMP: regions in sidecars and in pictures, read, merged and taken out again."""
