"""Categories of matters: a flat list that each county keeps for itself."""

import msgspec

from acts.text import clean_name
from stations.cells import parse_whole
from stations.registers import Column, Register
from stations.shared_columns import english_name_column, id_column


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One category. `order` is its place in lists, from 1; 0 sorts last."""

    id: str
    name: str
    order: int = 0
    name_en: str = ""


def in_order(category: Category) -> tuple[bool, int, str]:
    """Return the key by which categories are sorted for lists: by `order`, 0 last, then id."""
    return (category.order == 0, category.order, category.id)


_parse_order = parse_whole(0, 9999)

CATEGORIES: Register[Category] = Register(
    noun="category",
    plural="categories",
    label_zh="类别",
    record=Category,
    identity=("name",),
    columns=(
        id_column("类别编号", "代码", "category id"),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("类别", "类别名称", "分类", "一级分类", "category"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="类别名称",
            expected_en="the category's name",
        ),
        Column(
            field="order",
            label_zh="顺序",
            label_en="Order",
            aliases=("排序", "序号", "no.", "position"),
            parse=lambda text, _: _parse_order(text),
            expected_zh="0 至 9999 的整数",
            expected_en="a whole number from 0 to 9999",
        ),
        english_name_column(),
    ),
)
