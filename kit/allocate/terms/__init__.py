"""Terms of allocation problems, one file a family."""
