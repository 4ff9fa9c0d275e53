"""Columns that several registers have alike: the id, and the English name."""

from stations.cells import clean_name, parse_id
from stations.registers import Column


def id_column(*aliases: str) -> Column:
    """Return the column of a record's id; a row without one is given an id by its content."""
    return Column(
        field="id",
        label_zh="编号",
        label_en="Id",
        aliases=aliases,
        parse=lambda text, _: parse_id(text),
        expected_zh="小写字母、数字和连字符组成的编号，不超过 64 个字符",
        expected_en="an id of lowercase letters, digits and hyphens, at most 64",
    )


def english_name_column(*aliases: str) -> Column:
    """Return the column of a record's English name."""
    return Column(
        field="name_en",
        label_zh="英文名",
        label_en="English name",
        aliases=("英文名称", "name in English", *aliases),
        parse=lambda text, _: clean_name(text),
        expected_zh="英文名",
        expected_en="the English name",
    )
