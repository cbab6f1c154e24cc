"""The exceptions that stand for a user's mistake or bad luck rather than a defect."""


class UserError(Exception):
    """Something the user can put right: shown as its message alone, with exit status 2.

    The message says what was expected, what came, and what to do next, in one line.
    """


class Incomplete(Exception):
    """The work was done as far as it could be, and something is missing: exit status 1.

    The message says what and what to do next, in one line.
    """
