"""Local models on the questions, through kit and bare: `make bench-llm`."""
