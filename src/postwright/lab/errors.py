"""The one error that the lab shows to people."""


class LabError(Exception):
    """Something that the lab cannot do; the text says what, for which host, and the mend."""
