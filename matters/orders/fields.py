"""Fields that commands of several orders have."""

from acts.field import Field, FieldKind
from acts.refusals import N_
from matters.terms import Grade, Rating

TITLE = Field("title", FieldKind.LINE, N_("标题"), max_length=60)
REASON = Field("reason", FieldKind.WORDS, N_("理由"), max_length=2000)
CATEGORY = Field("category", FieldKind.CATEGORY, N_("类别"), required=False)
GRADE = Field("grade", FieldKind.CHOICE, N_("轻重缓急"), required=False, choices=tuple(Grade))
RATINGS = tuple(Rating)


def until(label: str, *, required: bool = True, hint: str = "") -> Field:
    """Return the field of a day until which something is to be done."""
    return Field("until", FieldKind.UNTIL, label, required=required, max_length=20, hint=hint)


def rating(comment_label: str) -> tuple[Field, ...]:
    """Return the fields of a rating: reply and result apart, and why (L28)."""
    return (
        Field("reply_rating", FieldKind.CHOICE, N_("对答复"), choices=RATINGS),
        Field("result_rating", FieldKind.CHOICE, N_("对结果"), choices=RATINGS),
        Field("comment", FieldKind.WORDS, comment_label, required=False, max_length=2000),
    )
