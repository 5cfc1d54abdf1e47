"""What is asked of the product: ratios to floors that were measured in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A ratio that must be reached and one that would be good; `at_most` where less is better."""

    vietnamese: str
    english: str
    must: float
    stretch: float
    at_most: bool = False

    def verdict(self, measured: float) -> str:
        """Tell how far a figure gets."""
        if self._met(measured, self.stretch):
            return "đạt mức cao · stretch"
        return "đạt · met" if self._met(measured, self.must) else "CHƯA ĐẠT · NOT MET"

    def _met(self, measured: float, bound: float) -> bool:
        return measured <= bound if self.at_most else measured >= bound


LOOK = Goal(
    "tra cứu có nhật ký và TLS, 64 lượt : echo",
    "audited look, TLS, 64 in flight : echo",
    0.5,
    0.65,
)
BY_REQUEST = Goal(
    "như trên : mỗi lượt một giao dịch", "the same : a transaction by request", 2.5, 3
)
BY_REQUEST_IN_CHAIN = Goal(
    "như trên, mốc có TLS, thẻ và chuỗi", "the same, its floor with TLS, token and chain", 2.5, 3
)
ALONE = Goal(
    "một lượt, p50 : echo + commit + select",
    "one in flight, p50 : echo + commit + select",
    1.5,
    1.3,
    at_most=True,
)
MANY = Goal("32 người một lượt, 4 lượt : echo", "32 a call, 4 in flight : echo", 3, 4.4)
UNACCOUNTED = Goal("trả lời khác bản ghi", "answers other than records", 0, 0, at_most=True)

TRANSCODED = Goal(
    "gọi qua cổng : tuyến FastAPI viết tay", "transcoded call : a FastAPI route by hand", 0.8, 1
)
TRANSCODED_IN_FRAME = Goal(
    "như trên, tuyến viết tay trong khung của cổng",
    "the same, the route in the gateway's frame",
    0.8,
    1,
)
COLLECTOR = Goal(
    "p99 của cổng : khi bộ gom rác để nguyên",
    "gateway's p99 : with the collector as it comes",
    0.5,
    0.4,
    at_most=True,
)
OVER_HTTP = Goal(
    "tra cứu có nhật ký qua HTTP : echo qua HTTP",
    "audited look over HTTP : echo over HTTP",
    1.3,
    1.5,
)
MANY_OVER_HTTP = Goal("như trên, 32 người một lượt", "the same, identities, 32 a call", 1.3, 1.5)

HEAP = Goal("ghi, 50 số đo/bản tin : COPY thô", "recorder, 50 a message : raw COPY", 0.30, 0.55)
KEYED = Goal("như trên : COPY có khóa", "the same : COPY with the same key", 0.85, 1.5)
SINGLES = Goal("ghi, 1 số đo/bản tin : COPY thô", "recorder, 1 a message : raw COPY", 0.15, 0.25)
USUAL = Goal("50 số đo/bản tin : cách thường", "50 a message : the usual way", 15, 21)
USUAL_SINGLES = Goal("1 số đo/bản tin : cách thường", "1 a message : the usual way", 200, 340)
CONSUME = Goal("đọc bản tin 100 B : fetch(256)", "Pull, 100 B messages : fetch(256)", 8, 11)
IDLE = Goal("báo động p99 lúc rỗi : sàn", "alarm p99 idle : floor", 2, 1.3, at_most=True)
HALF = Goal(
    "báo động p99 ở tải 50 % : sàn", "alarm p99 at half load : floor", 4, 2.5, at_most=True
)
FLOOD = Goal("báo động p99 khi lũ, ms", "alarm p99 in the flood, ms", 500, 250, at_most=True)
MEMORY = Goal("bộ nhớ cuối : đầu lũ", "memory, flood's end : start", 1.1, 1.05, at_most=True)
LOST = Goal("mất khi lũ", "lost in the flood", 0, 0, at_most=True)

SEEN_IDLE = Goal(
    "khói → đọc bản tin cứu hộ, p99 lúc rỗi, ms",
    "smoke → brief read, p99 idle, ms",
    50,
    50,
    at_most=True,
)
SEEN_LOADED = Goal("như trên, có tải, ms", "the same under load, ms", 250, 250, at_most=True)
SEEN_RETURNING = Goal(
    "khói → sự kiện, lâu nhất, khi mọi đầu báo trở lại, ms",
    "smoke → event, longest, as all detectors come back, ms",
    1000,
    250,
    at_most=True,
)
UNSEEN = Goal("không đến sĩ quan", "never came to the officer", 0, 0, at_most=True)
