"""What is dangerous on site, by where it is found."""

from typing import NamedTuple


class Danger(NamedTuple):
    """One danger: what, where on site, how much in words with `{n}` for a number."""

    what: str
    where: str
    how_much: str
    least: int
    most: int


BIKES = Danger("xe máy, xe điện đang sạc", "nhà để xe tầng 1", "khoảng {n} xe", 20, 120)
SHOP_BIKES = Danger("xe máy, xe điện đang sạc", "gian trước tầng 1", "{n} xe", 2, 8)
COOKING_GAS = Danger("bình gas đun nấu 12 kg", "bếp", "{n} bình", 1, 6)
FLAT_GAS = Danger("bình gas đun nấu trong căn hộ", "các căn hộ tầng 2 trở lên", "{n} bình", 12, 40)
ELECTRICAL_ROOM = Danger("tủ điện tổng", "phòng kỹ thuật điện tầng 1", "{n} tủ", 1, 3)
GENERATOR = Danger("dầu diesel máy phát điện", "nhà máy phát phía sau", "{n} lít", 100, 800)
SOLVENT = Danger("dung môi, keo", "kho hóa chất", "{n} lít", 100, 2000)
FABRIC = Danger("vải, mút xốp", "kho nguyên liệu", "{n} tấn", 2, 60)
TIMBER = Danger("gỗ, ván ép, mùn cưa", "xưởng và kho gỗ", "{n} m³", 10, 300)
PLASTICS = Danger("hạt nhựa, bao bì ni lông", "kho nguyên liệu", "{n} tấn", 2, 80)
PAPER = Danger("giấy, bìa các-tông", "kho hàng", "{n} tấn", 5, 200)
BOILER = Danger("nồi hơi, áp lực", "nhà nồi hơi", "{n} nồi", 1, 2)
OXYGEN = Danger("ô-xy y tế lỏng và bình", "trạm khí y tế", "{n} bình", 10, 60)
ALCOHOL = Danger("cồn y tế", "kho dược", "{n} lít", 20, 200)
PETROL = Danger("xăng", "bể ngầm", "{n} m³", 15, 75)
DIESEL = Danger("dầu diesel", "bể ngầm", "{n} m³", 10, 50)
GAS_STOCK = Danger("bình gas 12 và 45 kg", "kho bình", "{n} bình", 20, 120)
PAINT = Danger("sơn, dung môi pha sơn", "kệ hàng và kho sau", "{n} lít", 100, 1500)
FOAM_WALLS = Danger("vách cách âm bằng mút, xốp", "các phòng hát", "{n} phòng", 4, 18)
STALLS = Danger("sạp hàng vải, nhựa sát nhau", "khu sạp giữa", "{n} sạp", 40, 400)
COLD_STORE = Danger("kho lạnh vách xốp, amoniac", "kho lạnh", "{n} kho", 1, 6)
TRANSFORMER_OIL = Danger("dầu máy biến áp", "sân máy biến áp", "{n} tấn", 10, 60)
TYRES = Danger("lốp xe, phế liệu nhựa", "bãi", "{n} tấn", 5, 80)
LABORATORY = Danger("hóa chất thí nghiệm", "phòng thí nghiệm", "{n} lít", 5, 40)
BATTERIES = Danger("pin lưu điện UPS", "phòng máy chủ", "{n} tủ", 1, 4)
LINEN = Danger("chăn, ga, nệm", "kho vải tầng 1", "{n} bộ", 30, 300)
