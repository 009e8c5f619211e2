"""Texts for a speech synthesiser: invented words, plain English, numbers, letters."""

from __future__ import annotations

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ONSETS = _words(
    "b bl br c ch chr cl cr d dr dw f fl fr g gl gr h j k kn kl kr kw l m n p pl pr ps ph qu r rh s sc "
    "sch sh shr sk sl sm sn sp spl spr squ st str sv sw t th thr tr ts tw v vl vr w wh x y z zh zl"
)
NUCLEI = _words("a e i o u y aa ee oo ai au ay ea ei eu ie oa oi ou oy ue ui uo ia io ae")
CODAS = _words(
    "b ch ck ct d dge ff ft g k l lb ld lf lk lm lp lt lve m mp n nd ng nk ns nt nth p pt r rb rd rf rk "
    "rl rm rn rp rs rst rt rth rve s sh sk sp ss st t tch th ts v x z"
)

NOUNS = _words(
    "man woman child friend mother father sister brother teacher doctor driver king farmer soldier dog "
    "cat horse bird fish cow sheep mouse tree flower grass leaf river lake sea mountain hill valley "
    "field forest stone sand sun moon star sky cloud rain snow wind storm fire water ice earth house "
    "door window wall roof floor room kitchen garden street road bridge town village city school church "
    "shop market station train bus car ship boat wheel engine machine table chair bed lamp clock cup "
    "plate knife fork spoon bottle box bag basket book page letter word story song picture paper pen "
    "bread butter cheese egg milk meat soup sugar salt apple orange cherry coffee tea juice shirt shoe "
    "coat hat glove button pocket ring hand foot head face eye ear nose mouth tooth hair arm leg back "
    "heart voice noise question answer reason chance choice change job week month year morning evening "
    "night hour minute summer winter spring autumn birthday measure pleasure"
)
ADJECTIVES = _words(
    "big small old young new good bad long short high low deep wide narrow fast slow hot cold warm cool "
    "wet dry heavy light dark bright loud quiet soft hard sharp smooth rough thick thin clean dirty "
    "empty full rich poor strong weak happy sad angry proud brave kind strange simple famous fresh sweet "
    "bitter red green blue yellow brown black white grey early late"
)
VERBS = _words(
    "sees hears finds takes gives brings buys sells makes breaks opens closes washes catches throws "
    "pushes pulls follows watches reads writes draws paints builds holds leaves loses moves needs wants "
    "likes loves hates knows remembers forgets shows sends changes chooses touches carries covers fixes "
    "visits teaches thanks judges crosses measures enjoys"
)
ADVERBS = _words("today again often never always slowly quickly together outside here there soon perhaps")
PLACES = _words("in on under behind near beside above across through without before after with")
ARTICLES = _words("the a my your this every his her our that")
LINKS = _words("and but because while although so when if")
ENDS = (".", ".", ".", ".", "!", "?", ";", "...")


def _one(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[rng.integers(len(words))]


def invented_word(rng: np.random.Generator) -> str:
    """One to four syllables that no dictionary has.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    str
    """
    word = ""
    for _ in range(rng.choice([1, 2, 3, 4], p=[0.35, 0.4, 0.18, 0.07])):
        onset = _one(rng, ONSETS) if rng.random() < 0.9 else ""
        word += onset + _one(rng, NUCLEI) + (_one(rng, CODAS) if rng.random() < 0.5 else "")
    return word


def _thing(rng: np.random.Generator) -> str:
    article = _one(rng, ARTICLES)
    adjective = _one(rng, ADJECTIVES) + " " if rng.random() < 0.4 else ""
    return f"{article} {adjective}{_one(rng, NOUNS)}"


def _clause(rng: np.random.Generator) -> str:
    clause = f"{_thing(rng)} {_one(rng, VERBS)} {_thing(rng)}"
    if rng.random() < 0.4:
        clause += f" {_one(rng, PLACES)} {_thing(rng)}"
    return clause + (" " + _one(rng, ADVERBS) if rng.random() < 0.3 else "")


def _english(rng: np.random.Generator) -> str:
    shape = rng.random()
    if shape < 0.15:
        return _thing(rng)
    if shape < 0.6:
        return _clause(rng)
    if shape < 0.8:
        return f"{_clause(rng)}, {_one(rng, LINKS)} {_clause(rng)}"
    return f"does {_thing(rng)} {_one(rng, PLACES)} {_thing(rng)} {_one(rng, VERBS)[:-1]} {_thing(rng)}"


def _invented(rng: np.random.Generator) -> str:
    words = [invented_word(rng) for _ in range(rng.integers(2, 12))]
    return " ".join(word + ("," if rng.random() < 0.1 else "") for word in words[:-1]) + " " + words[-1]


def _mixed(rng: np.random.Generator) -> str:
    words = _clause(rng).split()
    return " ".join(invented_word(rng) if rng.random() < 0.4 else word for word in words)


def _numbers(rng: np.random.Generator) -> str:
    digits = [str(rng.integers(10 ** rng.integers(1, 5))) for _ in range(rng.integers(1, 5))]
    return " ".join(digits) if rng.random() < 0.5 else f"{digits[0]} {_one(rng, NOUNS)}s"


def _letters(rng: np.random.Generator) -> str:
    return " ".join(chr(ord("A") + rng.integers(26)) for _ in range(rng.integers(2, 7)))


def sentence(rng: np.random.Generator) -> str:
    """One sentence with its punctuation mark.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    str
    """
    kinds = (_english, _invented, _mixed, _numbers, _letters)
    made = kinds[rng.choice(5, p=[0.42, 0.3, 0.18, 0.06, 0.04])](rng)
    return made[0].upper() + made[1:] + _one(rng, ENDS)


def text(rng: np.random.Generator, n_sentences: int) -> str:
    """Sentences in a row.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    n_sentences : int
        How many.

    Returns
    -------
    str
    """
    return " ".join(sentence(rng) for _ in range(n_sentences))
