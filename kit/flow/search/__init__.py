"""Search over variants: propose, build, rank on the tune split, and ask the vault of finalists."""
