"""Categories of matters: a flat list that each county keeps for itself."""

import msgspec

from acts.refusals import N_
from stations.columns import english_name, identity, name, whole
from stations.registers import Register


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One category. `order` is its place in lists, from 1; 0 sorts last."""

    id: str
    name: str
    order: int = 0
    name_en: str = ""


def in_order(category: Category) -> tuple[bool, int, str]:
    """Return the key by which categories are sorted for lists: by `order`, 0 last, then id."""
    return (category.order == 0, category.order, category.id)


CATEGORIES: Register[Category] = Register(
    noun="category",
    plural="categories",
    label="类别",
    record=Category,
    identity=("name",),
    columns=(
        identity("类别编号", "代码", "category id"),
        name("类别", "类别名称", "分类", "一级分类", "category", expected=N_("类别名称")),
        whole("order", "顺序", "Order", "排序", "序号", "no.", "position", least=0, most=9999),
        english_name(),
    ),
)
