"""Columns that several registers have alike: id, telephone, address, English name."""

from acts.text import clean_name
from stations.cells import clean_text, parse_day, parse_id, parse_phone, parse_picture
from stations.registers import Column

# The column of every record that has a picture.
PICTURE_FIELD = "photo"


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


def phone_column(*aliases: str) -> Column:
    """Return the column of a record's telephone number."""
    return Column(
        field="phone",
        label_zh="电话",
        label_en="Phone",
        aliases=("telephone", "tel", *aliases),
        parse=lambda text, _: parse_phone(text),
        expected_zh="电话号码（数字，单元格设为文本）",
        expected_en="a phone number (digits, in a cell set to text)",
    )


def address_column(*aliases: str) -> Column:
    """Return the column of a record's address."""
    return Column(
        field="address",
        label_zh="地址",
        label_en="Address",
        aliases=aliases,
        parse=lambda text, _: clean_text(text),
        expected_zh="地址",
        expected_en="the address",
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


def words_column(
    field: str, label_zh: str, label_en: str, *aliases: str, required: bool = False
) -> Column:
    """Return the column of a text that may run over several lines."""
    return Column(
        field=field,
        label_zh=label_zh,
        label_en=label_en,
        aliases=aliases,
        required=required,
        parse=lambda text, _: clean_text(text),
        expected_zh=label_zh,
        expected_en=label_en.lower(),
    )


def picture_column() -> Column:
    """Return the column of a record's public picture, named by the hash of its bytes."""
    return Column(
        field=PICTURE_FIELD,
        label_zh="照片",
        label_en="Photo",
        aliases=("相片", "图片", "picture"),
        parse=lambda text, _: parse_picture(text),
        expected_zh="照片的 SHA-256（64 位十六进制），在工作台上传照片时自动填入",
        expected_en="the SHA-256 of the picture, filled in when it is uploaded in the console",
    )


def day_column(
    field: str, label_zh: str, label_en: str, *aliases: str, required: bool = False
) -> Column:
    """Return the column of a day, kept as yyyy-mm-dd."""
    return Column(
        field=field,
        label_zh=label_zh,
        label_en=label_en,
        aliases=aliases,
        required=required,
        parse=lambda text, _: parse_day(text).isoformat(),
        expected_zh="日期，如 2026-10-07",
        expected_en="a date, such as 2026-10-07",
        is_day=True,
    )
