"""The exceptions that stand for a user's mistake or bad luck rather than a defect."""

import string


class UserError(Exception):
    """Something the user can put right: shown as its message alone, with exit status 2.

    The message says what was expected, what came, and what to do next, in one line.
    """


class SettingError(UserError):
    """A class's setting that cannot be used, named as the class names it.

    text: in it `{name}` stands for one of `values`, as in `str.format`, and for the setting `name`
    where there is no such value. Who knows the group of the class on the command line says it by
    `within`. settings: the names of the settings.
    """

    def __init__(self, text: str, **values: object) -> None:
        self._text, self._values = text, values
        fields = {str(field) for _, field, _, _ in string.Formatter().parse(text) if field}
        self.settings = frozenset(fields - values.keys())
        super().__init__(self._write(""))

    def within(self, group: str) -> UserError:
        """The error with its settings named as on the command line, `group.name`."""
        return UserError(self._write(f"{group}."))

    def _write(self, prefix: str) -> str:
        names = {name: f"{prefix}{name}" for name in self.settings}
        return self._text.format(**self._values, **names)

    def __reduce__(self) -> tuple[type[UserError], tuple[str]]:
        """As it crosses to another process: what it says."""
        return UserError, (str(self),)


class Incomplete(Exception):
    """The work was done as far as it could be, and something is missing: exit status 1.

    The message says what and what to do next, in one line.
    """
