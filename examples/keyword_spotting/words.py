"""What is said: the keywords, and the words that a keyword must not be mistaken for."""

from __future__ import annotations

from pathlib import Path

KEYWORDS = ("happy", "marvin", "seven")
LABELS = (*KEYWORDS, "unknown", "silence")


def _vocabulary(name: str) -> tuple[str, ...]:
    return tuple((Path(__file__).parent / "vocabulary" / f"{name}.txt").read_text(encoding="utf-8").split())


NEIGHBOURS = _vocabulary("neighbours")
"""Rhymes, shared beginnings and endings, one or two sounds changed, fragments: where false alarms come from."""
TOO_NEAR = frozenset(_vocabulary("too_near"))
"""Neighbours that are a keyword until they end, or a keyword less one weak sound: neither trained on nor judged by."""
COMMANDS = _vocabulary("commands")
"""Short words that people say to machines."""
WORDS = (*KEYWORDS, *COMMANDS)
"""Of windows that hold one of them whole, the last round of training draws each as often."""
COMMON = _vocabulary("common")
"""What else is said: frequent words."""
UNKNOWN = (*NEIGHBOURS, *COMMANDS, *COMMON)

SPOKEN = {
    "happy": {
        "kokoro": ("hˈæpi", "hˈæpɪ", "hˈæpˌi", "hˈapi", "hˈɛpi", "hæpˈi", "ˈæpi"),
        "espeak": ("h'api", "h'apI", "h'api:", "h'Epi", "h'a#pi", "h'ap,i"),
    },
    "marvin": {
        "kokoro": ("mˈɑɹvɪn", "mˈɑɹvən", "mˈɑːvɪn", "mˈɑɹvn", "mˈaɹvɪn", "mˈɑːvən", "mˈɔɹvɪn", "mˈɑɹvˌɪn"),
        "espeak": ("m'A@vIn", "m'A:vIn", "m'A@v@n", "m'A:v@n", "m'A@vn", "m'a@vIn", "m'A@v,In"),
    },
    "seven": {
        "kokoro": (
            *("sˈɛvən", "sˈɛvɪn", "sˈɛvn", "sˈɛvm", "sˈɛbm", "sˈɛbən", "sˈɛvˌən", "sˈɛvʌn", "sˈɛvɛn", "sˈɛvɐn"),
            *("sˈɛʋən", "sˈɪvən", "sˈævən", "sˈevən", "sˈɛfən", "sˈɛwən", "sˈɛːvən", "sˈɛ.vən", "zˈɛvən"),
        ),
        "espeak": (
            *("s'Ev@n", "s'EvIn", "s'Evn", "s'Evn-", "s'Evm", "s'Ebm", "s'Eb@n", "s'Ev,@n", "s'EvVn", "s'EvEn"),
            *("s'Ivn", "s'av@n", "s'Ef@n", "s'Ew@n", "s'E:v@n", "s'eIv@n", "s'E@v@n", "s'EvI2n"),
        ),
    },
}
"""How people say the keywords, beside what a dictionary has: reduced, drawn out, with an accent. In the phonemes of
Kokoro (IPA, also for Hibari and Piper) and of eSpeak."""
