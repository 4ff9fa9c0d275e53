"""The words of which messages mostly consist, as both sides of a line know them beforehand.

A raw dictionary for zstd: what stands here costs two or three bytes in a message instead of its
length. What comes often stands at the end. It is part of the format (`envelope.VERSION`): a change
needs a new version, for an older node could not unpack what refers to it.
"""

VOCABULARY = b"".join(
    (
        b"\xa8deputy.set\xabdeputy.removed\xa8station.set\xabarea.set\xa8unit.set",
        b"\xaccategory.set\xa9rules.set\xa8page.set\xa7day.set\xaatemplate.set\xa8route.set",
        b'{"id":"","name":"","area":"","stations":[],"areas":[],"level":3,"phone":"","title":"',
        b"\xb0activity.set\xa8shift.set\x81\xa2id\xa6record\xc4 attempt.refused\xa6fields",
        b"matter.resolved\xa4keep\xa3yes\xa2no\xa5event\xc4\x10matter.erased\xa4what\xa5words",
        b"matter.published\xa5title\xb0matter.withdrawn\xa6reason\xafmatter.declined\xa5route",
        b"matter.merged\xa4into\xafmatter.split\xa5texts\xaematter.referred\xa2to",
        b"matter.escalated\xa5level\xaematter.explained\xa5cause\xa5until",
        b"matter.reported_back\xb0matter.evaluated\xaematter.decided\xa7outcome",
        b"matter.pressed\xb0matter.inspected\xa5found\xa7problem\xa4next\xb1matter.progressed",
        b"matter.returned\xb0matter.accepted\xb0matter.divided\xa5parts\xadmatter.timed",
        b"matter.assigned\xa4lead\xa9assisting\xa5limit\xa3P1M\xa6demand\xa6due_at\xcf\0\0\x01",
        b"matter.replied\xa6result\xa1A\xa1B\xa1C\xacmatter.closed\xabmatter.asked",
        b"matter.rated\xacreply_rating\xadresult_rating\xa9satisfied\xa9basically",
        b"\xabunsatisfied\xa7comment\xa7said_by\xaematter.answered\xaematter.messaged",
        b"matter.adopted\xa5title\xa5grade\xa6normal\xa6urgent\xa6office:\xa5unit:\xa7deputy:",
        b"\xa8category\xa4area\xac990102100\xa7station\xa6deputy\xa6people\xa5photos\xa6sha256",
        b"\xaamedia_type\xaaimage/jpeg\xaasize_bytes\xa7publish\xc3\xabshare_phone\xc3",
        b"\xa8under_14\xc3\xa7channel\xa5visit\xa5phone\xa6letter\xa6market\xaaletterbox\xa3sms",
        b"\xa2qr\xa7liaison:\xa6system\xa7contact\xc4\x20\xa5place\xc4\x20",
        b"\xa4kind\xa7inquiry\xa4help\xa9complaint\xa6report\xa4kind\xaasuggestion",
        b"\x9c\x01\xc4\x10\x01\x9c\xc4\x10\xadmatter.raised\0\xcf\0\0\x01\x9e\xa8villager",
        b"\x83\xa7content\xc4\x10\xa4kind\xaasuggestion\xa6number\xaa",
        b"\x81\xa4text\xc4\x20\x81\xa4text\x93\xc0\xc4\xc4\x20",
    )
)
