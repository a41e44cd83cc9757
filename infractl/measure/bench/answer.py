"""Where an HTTP/1.1 answer ends, and its status. No more of it is parsed, so that the client costs little beside the server."""

from __future__ import annotations

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_CHUNKED = b"transfer-encoding: chunked"
_LAST_CHUNK = b"0\r\n\r\n"
_CLOSES = b"connection: close"
_LONGEST_HEAD = 65536
_LONGEST_TEXT = 500
_WITHOUT_BODY = (204, 304)


class AnswerError(Exception):
    """What came is no HTTP answer."""


class AnswerReader:
    """One answer at a time, from the pieces in which it comes."""

    __slots__ = ("_chunked", "_data", "_length", "_start", "closes", "status")

    def __init__(self) -> None:
        self.closes = False
        """Whether the server closes the connection after this answer."""
        self.status = 0
        """Of the answer whose head has come; 0 before that."""
        self._data = b""
        self._start = 0
        self._length: int | None = None
        self._chunked = False

    def reset(self) -> None:
        self.closes, self.status = False, 0
        self._data, self._start, self._length, self._chunked = b"", 0, None, False

    def feed(self, piece: bytes) -> bool:
        """Take what has come; whether the answer is whole. Raises AnswerError where it is none."""
        self._data = self._data + piece if self._data else piece
        if not self.status and not self._read_head():
            return False
        if self._length is not None:
            return len(self._data) - self._start >= self._length
        return self._chunked and self._data.endswith(_LAST_CHUNK)

    def end(self) -> bool:
        """The connection has ended: whether that ends an answer that has no length."""
        return bool(self.status) and self._length is None and not self._chunked

    @property
    def text(self) -> str:
        """The beginning of its body, for people."""
        return self._data[self._start : self._start + _LONGEST_TEXT].decode(errors="replace").strip()

    def _read_head(self) -> bool:
        data = self._data
        if not data.startswith(b"HTTP/1."[: len(data)]):
            raise AnswerError(f"no HTTP answer: {data[:60]!r}")
        end = data.find(_HEAD_END)
        if end < 0:
            if len(data) > _LONGEST_HEAD:
                raise AnswerError(f"an answer whose head does not end within {_LONGEST_HEAD} bytes")
            return False
        status = data[9:12]
        if not status.isdigit():
            raise AnswerError(f"no HTTP status: {data[:60]!r}")
        head = data[:end].lower()
        self._start = end + len(_HEAD_END)
        self._length = 0 if int(status) in _WITHOUT_BODY else _content_length(head)
        self._chunked = _CHUNKED in head
        self.closes = _CLOSES in head or (self._length is None and not self._chunked)
        self.status = int(status)
        return True


def _content_length(head: bytes) -> int | None:
    at = head.find(_LENGTH)
    if at < 0:
        return None
    text = head[at + len(_LENGTH) :].split(b"\r\n", 1)[0].strip()
    if not text.isdigit():
        raise AnswerError(f"an answer with the length {text[:20]!r}")
    return int(text)
