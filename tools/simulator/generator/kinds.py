"""The kinds of premises of the ward: how many, how built, what burns, where detectors hang.

Kinds and annex rows: Decree 105/2025/NĐ-CP. Counts are invented; their sum is
the 251 premises of the ward's plan, with its 2 hospitals, 2 wholesale markets and industrial cluster.
"""

from dataclasses import dataclass
from enum import StrEnum

from simulator.generator import hazards as h
from ward.fire_safety.v1 import fire_safety_pb2 as pb


class Homes(StrEnum):
    """How people live in premises of a kind."""

    FLATS = "flats"
    UPPER_FLATS = "upper_flats"
    HOUSE = "house"


@dataclass(frozen=True)
class Kind:
    """One kind of premises.

    `hazard_groups` are weights of group 1, group 2 and Annex I only. Zones: `ground` on the first
    floor, `upper` on each further one, `extra` on the first floor after those. `detectors` weighs
    how many devices such premises have; `battery` says that these run on batteries.
    """

    kind: pb.PremisesKind.ValueType
    count: int
    names: tuple[str, ...]
    storeys: tuple[int, int]
    hazard_groups: tuple[int, int, int]
    hazards: tuple[h.Danger, ...]
    ground: tuple[str, ...]
    upper: tuple[str, ...] = ("Hành lang",)
    extra: tuple[str, ...] = ("Phòng kỹ thuật điện",)
    detectors: int = 10
    battery: bool = False
    homes: Homes | None = None
    contacts: tuple[str, str, str] = (
        "người đứng đầu cơ sở", "đội trưởng đội PCCC cơ sở", "bảo vệ trực",
    )  # fmt: skip


APARTMENT = Kind(
    pb.PREMISES_KIND_APARTMENT_BUILDING, 9,
    ("Chung cư {w}", "Nhà ở xã hội {w}", "Chung cư mini {w}"),
    (5, 9), (1, 4, 4), (h.BIKES, h.FLAT_GAS, h.ELECTRICAL_ROOM),
    ground=("Nhà để xe", "Sảnh"), detectors=22, homes=Homes.FLATS,
    contacts=("trưởng ban quản trị", "đội trưởng đội PCCC cơ sở", "bảo vệ trực đêm"),
)  # fmt: skip
INDUSTRIAL = Kind(
    pb.PREMISES_KIND_INDUSTRIAL, 48,
    ("Công ty TNHH May {w}", "Công ty CP Bao bì {w}", "Công ty TNHH Cơ khí {w}",
     "Công ty TNHH Nội thất {w}", "Công ty CP Nhựa {w}", "Công ty TNHH Giày {w}",
     "Công ty CP Thực phẩm {w}", "Công ty TNHH Điện tử {w}"),
    (1, 3), (3, 6, 3), (h.SOLVENT, h.FABRIC, h.TIMBER, h.PLASTICS, h.PAPER, h.BOILER, h.GENERATOR),
    ground=("Xưởng 1", "Xưởng 2", "Kho nguyên liệu", "Kho thành phẩm", "Nhà ăn ca"),
    upper=("Xưởng", "Văn phòng"), detectors=13,
)  # fmt: skip
KINDS = (
    APARTMENT,
    INDUSTRIAL,
    Kind(
        pb.PREMISES_KIND_MIXED_DWELLING, 44,
        ("Cửa hàng quần áo {w}", "Tạp hóa {w}", "Sửa xe máy {w}", "Xưởng mộc {w}",
         "Cửa hàng điện thoại {w}", "Tiệm bánh {w}", "Nhà thuốc {w}", "Cửa hàng nội thất {w}"),
        (2, 5), (0, 1, 9), (h.SHOP_BIKES, h.COOKING_GAS, h.FABRIC._replace(most=4)),
        ground=("Gian bán hàng", "Bếp"), upper=("Phòng ở",), extra=(), detectors=4,
        battery=True, homes=Homes.HOUSE,
        contacts=("chủ hộ kinh doanh", "người cùng hộ", "tổ trưởng tổ dân phố"),
    ),
    Kind(
        pb.PREMISES_KIND_WAREHOUSE, 20, ("Kho hàng {w}", "Kho vận {w}", "Tổng kho {w}"),
        (1, 1), (3, 6, 1), (h.PAPER, h.PLASTICS, h.TIMBER, h.TYRES),
        ground=("Gian kho 1", "Gian kho 2", "Gian kho 3", "Bãi xuất hàng"), detectors=10,
    ),
    Kind(
        pb.PREMISES_KIND_RESTAURANT, 20, ("Nhà hàng {w}", "Quán lẩu nướng {w}", "Tiệc cưới {w}"),
        (1, 3), (0, 1, 9), (h.COOKING_GAS._replace(most=14), h.SHOP_BIKES),
        ground=("Bếp", "Phòng ăn", "Kho"), upper=("Phòng ăn",), detectors=7, battery=True,
    ),
    Kind(
        pb.PREMISES_KIND_LODGING, 17, ("Nhà nghỉ {w}", "Khách sạn {w}", "Homestay {w}"),
        (3, 7), (0, 4, 6), (h.LINEN, h.COOKING_GAS, h.SHOP_BIKES),
        ground=("Lễ tân", "Nhà để xe"), upper=("Hành lang",), detectors=12, homes=Homes.HOUSE,
    ),
    Kind(
        pb.PREMISES_KIND_SCHOOL, 16,
        ("Trường Mầm non {w}", "Trường Tiểu học {w}", "Trường THCS {w}", "Trường THPT {w}"),
        (2, 4), (0, 2, 8), (h.COOKING_GAS, h.LABORATORY),
        ground=("Bếp ăn", "Kho đồ dùng", "Phòng bảo vệ"), upper=("Hành lang lớp học",),
        detectors=9,
        contacts=("hiệu trưởng", "phó hiệu trưởng phụ trách PCCC", "bảo vệ trực"),
    ),
    Kind(
        pb.PREMISES_KIND_FLAMMABLE_GOODS_SHOP, 14, ("Đại lý sơn {w}", "Vật liệu xây dựng {w}"),
        (1, 3), (0, 3, 7), (h.PAINT, h.PLASTICS._replace(most=6)),
        ground=("Gian bán hàng", "Kho sau"), upper=("Kho",), extra=(), detectors=5, battery=True,
    ),
    Kind(
        pb.PREMISES_KIND_GAS_SHOP, 12, ("Cửa hàng gas {w}",),
        (1, 2), (4, 0, 8), (h.GAS_STOCK,),
        ground=("Gian bán hàng", "Kho bình"), upper=("Văn phòng",), extra=(), detectors=4,
        battery=True,
    ),
    Kind(
        pb.PREMISES_KIND_OFFICE, 12, ("Trụ sở {w}", "Tòa nhà văn phòng {w}", "Ngân hàng {w}"),
        (3, 7), (0, 2, 8), (h.BATTERIES, h.GENERATOR, h.PAPER._replace(least=1, most=6)),
        ground=("Sảnh", "Nhà để xe"), upper=("Văn phòng",), detectors=12,
    ),
    Kind(
        pb.PREMISES_KIND_MIXED_USE_BUILDING, 8, ("Tòa nhà hỗn hợp {w}", "Nhà phố thương mại {w}"),
        (4, 7), (0, 3, 5), (h.BIKES._replace(most=50), h.COOKING_GAS, h.ELECTRICAL_ROOM),
        ground=("Sảnh", "Gian thương mại"), upper=("Hành lang",), detectors=14,
        homes=Homes.UPPER_FLATS,
    ),
    Kind(
        pb.PREMISES_KIND_KARAOKE, 8, ("Karaoke {w}",),
        (3, 5), (0, 5, 3), (h.FOAM_WALLS, h.SHOP_BIKES, h.BATTERIES),
        ground=("Lễ tân", "Bếp"), upper=("Phòng hát", "Hành lang"), detectors=12,
    ),
    Kind(
        pb.PREMISES_KIND_MARKET, 6, ("Chợ {w}", "Siêu thị {w}", "Trung tâm thương mại {w}"),
        (1, 3), (2, 3, 1), (h.STALLS, h.ELECTRICAL_ROOM, h.COOKING_GAS),
        ground=("Khu vải, quần áo", "Khu hàng khô", "Khu ăn uống", "Khu nhựa, gia dụng"),
        upper=("Khu bán hàng",), detectors=16,
        contacts=("trưởng ban quản lý chợ", "đội trưởng đội PCCC cơ sở", "bảo vệ trực đêm"),
    ),
    Kind(
        pb.PREMISES_KIND_PETROL_STATION, 6, ("Cửa hàng xăng dầu {w}",),
        (1, 1), (6, 0, 0), (h.PETROL, h.DIESEL),
        ground=("Nhà bán hàng", "Phòng máy", "Kho dầu nhờn"), extra=(), detectors=4,
    ),
    Kind(
        pb.PREMISES_KIND_YARD, 5, ("Bãi tập kết {w}", "Bãi phế liệu {w}"),
        (1, 1), (0, 1, 4), (h.TYRES, h.TIMBER),
        ground=("Nhà điều hành", "Lán che"), extra=(), detectors=4, battery=True,
    ),
    Kind(
        pb.PREMISES_KIND_HOSPITAL, 2, ("Bệnh viện Đa khoa {w}", "Bệnh viện Phục hồi {w}"),
        (4, 7), (1, 1, 0), (h.OXYGEN, h.ALCOHOL, h.GENERATOR, h.ELECTRICAL_ROOM),
        ground=("Cấp cứu", "Kho dược", "Bếp"), upper=("Hành lang buồng bệnh", "Phòng trực"),
        detectors=45,
        contacts=("giám đốc", "đội trưởng đội PCCC cơ sở", "lãnh đạo trực"),
    ),
    Kind(
        pb.PREMISES_KIND_WHOLESALE_MARKET, 2, ("Chợ đầu mối nông sản {w}", "Chợ đầu mối thủy sản {w}"),
        (1, 2), (2, 0, 0), (h.STALLS, h.COLD_STORE, h.PAPER),
        ground=("Khu nông sản", "Khu thủy sản", "Kho lạnh", "Bãi xe hàng", "Khu ăn uống"),
        upper=("Ban quản lý",), detectors=30,
        contacts=("trưởng ban quản lý chợ", "đội trưởng đội PCCC cơ sở", "bảo vệ trực đêm"),
    ),
    Kind(
        pb.PREMISES_KIND_SUBSTATION, 2, ("Trạm biến áp 110 kV {w}",),
        (1, 2), (0, 2, 0), (h.TRANSFORMER_OIL, h.BATTERIES),
        ground=("Phòng điều khiển", "Phòng ắc quy", "Hầm cáp"), upper=("Phòng rơ-le",),
        detectors=8,
    ),
)  # fmt: skip
