"""What is raised where a question has no one reading."""


class Unclear(Exception):  # noqa: N818 - not an error: the question is answered with its sentence
    """A question that can be read in two ways, or has a part that fits nowhere."""
