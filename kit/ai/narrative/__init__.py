"""Texts about a result, held against its facts and its verdict, sentence by sentence."""
