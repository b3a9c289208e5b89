"""The language-model layer: what is sent, to whom, what came back, and what is made of it."""
