"""What is wrong with a file of devices as a whole."""

from chassis.errors import DomainError
from chassis.sheets import SheetInvalidError


class DeviceFileInvalidError(DomainError):
    """A file of devices cannot be used; nothing was entered."""

    reason = "DEVICE_FILE_INVALID"

    def __init__(self, found: SheetInvalidError) -> None:
        problem, detail = found.problem, found.detail
        texts = (f"{text} {detail}".rstrip() for text in (problem.vi, problem.en))
        super().__init__(problem=problem.name, detail=detail, explanation=" / ".join(texts))
        self.problem = problem
        self.detail = detail
