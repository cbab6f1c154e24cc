"""The one exception that stands for a user's mistake rather than a defect."""


class UserError(Exception):
    """Something the user can put right: shown as its message alone, with exit status 2.

    The message says what was expected, what came, and what to do next, in one line.
    """
