"""Design and judge changes of a market: what is left after the others adapt."""
