"""Vietnamese full names: surname by its published weight, middle and given name of the time."""

from random import Random

# Shares in the north, percent: hungnguyen18/vietnamese-name-generator (MIT), src/data/surname.ts.
SURNAMES = {
    "Nguyễn": 31.5, "Trần": 10.9, "Lê": 8.9, "Phạm": 5.9, "Hoàng": 5.1, "Vũ": 4.9, "Phan": 2.8,
    "Trương": 2.2, "Bùi": 2.1, "Đặng": 1.9, "Đỗ": 1.9, "Ngô": 1.7, "Hồ": 1.5, "Dương": 1.4,
    "Hà": 1.2, "Lý": 1.0, "Trịnh": 1.0, "Đinh": 0.9, "Lâm": 0.7, "Đoàn": 0.7, "Cao": 0.7,
    "Lương": 0.7, "Mai": 0.6, "Đào": 0.6, "Lưu": 0.6, "Thái": 0.5, "Phùng": 0.4, "Vương": 0.4,
    "Chu": 0.4, "Tạ": 0.4, "Nghiêm": 0.05, "Khổng": 0.05, "Tô": 0.05, "Tống": 0.05, "Kiều": 0.05,
    "Quách": 0.05, "Doãn": 0.05, "Khúc": 0.05, "Thân": 0.05, "Đàm": 0.05,
}  # fmt: skip

# Who is born from this year on has the names of the young lists.
YOUNG_SINCE = 1990

MIDDLE_NAMES = {
    ("M", False): {
        "Văn": 55, "Đình": 7, "Xuân": 7, "Hữu": 6, "Đức": 6, "Quang": 5, "Bá": 4, "Công": 4,
        "Ngọc": 3, "Trọng": 3,
    },
    ("M", True): {
        "Văn": 18, "Đức": 14, "Minh": 14, "Quang": 9, "Tuấn": 8, "Hoàng": 7, "Duy": 6, "Anh": 6,
        "Quốc": 5, "Gia": 5, "Thành": 4, "Hải": 4,
    },
    ("F", False): {
        "Thị": 86, "Kim": 4, "Ngọc": 3, "Thanh": 3, "Bích": 2, "Minh": 2,
    },
    ("F", True): {
        "Thị": 36, "Ngọc": 14, "Thu": 10, "Phương": 9, "Minh": 8, "Thanh": 6, "Khánh": 5,
        "Bảo": 5, "Hà": 4, "Diệu": 3,
    },
}  # fmt: skip

GIVEN_NAMES = {
    ("M", False): (
        "Hùng", "Dũng", "Tuấn", "Cường", "Thắng", "Hải", "Sơn", "Minh", "Bình", "Thành",
        "Long", "Hòa", "Tiến", "Chiến", "Quyết", "Toàn", "Hưng", "Khánh", "Thịnh", "Vinh",
        "Đạt", "Phúc", "Lợi", "Mạnh", "Trung", "Kiên", "Nam", "Việt", "Bắc", "Đông", "Luân",
        "Chính", "Nghĩa", "Thụ", "Sáng", "Hiển", "Thuận", "Doanh", "Bảng", "Khoa", "Thức",
        "Tuyên", "Lập", "Đoàn", "Huấn", "Ước", "Tính", "Quý", "Mừng", "Nhân",
    ),
    ("M", True): (
        "Anh", "Minh", "Hiếu", "Đức", "Huy", "Nam", "Long", "Khôi", "Phong", "Quân", "Dũng",
        "Tùng", "Hoàng", "Bảo", "Khang", "Kiệt", "Đạt", "Phúc", "Nhật", "Tú", "Trung", "Kiên",
        "Khánh", "Hưng", "Việt", "Duy", "Sơn", "Thành", "Tuấn", "Thịnh", "Lâm", "An", "Bách",
        "Đăng", "Hải", "Vũ", "Cường", "Thái", "Quang", "Trường", "Nguyên", "Linh", "Toàn",
        "Tiến", "Mạnh", "Thiện", "Hậu", "Phát", "Tài", "Lộc",
    ),
    ("F", False): (
        "Hoa", "Lan", "Hương", "Hằng", "Nga", "Hà", "Thủy", "Hiền", "Thanh", "Vân", "Bình",
        "Mai", "Liên", "Loan", "Nhung", "Yến", "Oanh", "Phượng", "Tuyết", "Xuân", "Thu", "Cúc",
        "Đào", "Huệ", "Lý", "Thơm", "Ngọc", "Dung", "Hạnh", "Thảo", "Hải", "Minh", "Sáu",
        "Tâm", "Lụa", "Nhàn", "Mùi", "Tám", "Thắm", "Gấm", "Vui", "Hòa", "Nguyệt", "Chiên",
        "Là", "Thoa", "Nụ", "Duyên", "Mận", "Chín",
    ),
    ("F", True): (
        "Anh", "Linh", "Trang", "Hương", "Huyền", "Ngọc", "Thảo", "Phương", "Hà", "Mai", "Chi",
        "Vy", "Nhi", "My", "An", "Hân", "Giang", "Quỳnh", "Yến", "Ngân", "Trâm", "Thư", "Châu",
        "Khánh", "Lan", "Dương", "Hiền", "Hằng", "Vân", "Thu", "Nhung", "Oanh", "Diệp", "Tâm",
        "Nga", "Hoa", "Uyên", "Tú", "Minh", "Hạnh", "Bích", "Loan", "Ly", "Thùy", "Trà", "Đan",
        "Như", "Hoài", "Thơ", "Miên",
    ),
}  # fmt: skip


def surname(rng: Random) -> str:
    """Draw a surname by its share in the north."""
    return rng.choices(tuple(SURNAMES), tuple(SURNAMES.values()))[0]


def full_name(rng: Random, family: str, sex: str, birth_year: int) -> str:
    """Draw a full name of that family as it was given in that year; NFC."""
    fashion = (sex, birth_year >= YOUNG_SINCE)
    middle = rng.choices(tuple(MIDDLE_NAMES[fashion]), tuple(MIDDLE_NAMES[fashion].values()))[0]
    given = rng.choice(GIVEN_NAMES[fashion])
    return f"{family} {middle} {given}" if middle != given else f"{family} {given}"
