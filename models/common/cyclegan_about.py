"""What a person should know of the models that cyclegan ships and no number says."""

from __future__ import annotations

from models.common.translation_run import Translation

ABOUTS = {
    "digits-to-letters": Translation(
        title="Digits to letters",
        description="Turns a handwritten digit into a capital letter of a typeface that suits it.",
        licence="OFL-1.1",
        what="Write one digit in dark ink; it comes back as a letter, as ink with alpha. Which letter, "
        "the network chose itself: it depends on the hand.",
        weaknesses=(
            "One sign at a time, at 32 × 32 pixels.",
            "Thin digits become faint shapes between digit and letter; bold ones become letters that can be read.",
            "Letters are those of 31 free font families; hands are Americans' of 1995.",
        ),
    ),
    "letters-to-digits": Translation(
        title="Letters to digits",
        description="Turns a capital letter into a handwritten digit.",
        licence="OFL-1.1",
        what="Draw or set one capital letter in dark ink; it comes back as a digit in a hand of its own, as ink with "
        "alpha. There are 26 letters and ten digits, so several letters share one.",
        weaknesses=(
            "One sign at a time, at 32 × 32 pixels.",
            "Thin letters come back in pieces; M and other wide letters become what no digit looks like.",
            "Letters are those of 31 free font families; hands are Americans' of 1995.",
        ),
    ),
}
