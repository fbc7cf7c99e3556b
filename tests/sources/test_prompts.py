"""Prompt templates expand to what they say, in order, and refuse what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.errors import BadInputError
from catstudio.sources import wildcards
from catstudio.sources.prompts import CAP, count, escape, expand, for_images
from catstudio.sources.prompts import wildcards as drawn_from


def test_lists_multiply_with_the_rightmost_fastest():
    assert expand("a {grey|black|ginger} cat {on a sofa|in the grass}") == [
        "a grey cat on a sofa",
        "a grey cat in the grass",
        "a black cat on a sofa",
        "a black cat in the grass",
        "a ginger cat on a sofa",
        "a ginger cat in the grass",
    ]


@pytest.mark.parametrize(
    ("template", "prompts"),
    [
        ("", [""]),
        ("a cat", ["a cat"]),
        ("a|b", ["a|b"]),
        ("{}", [""]),
        ("{|very }big", ["big", "very big"]),
        ("{a {grey|black} cat|a dog}", ["a grey cat", "a black cat", "a dog"]),
        (r"\{a\|b\}", ["{a|b}"]),
        (r"{a\|b|c}", ["a|b", "c"]),
        (r"C:\cats\\", "C:\\cats\\".split("\0")),
        ("{a|a}", ["a", "a"]),
        ("é{ü|😺}", ["éü", "é😺"]),
    ],
)
def test_small_templates(template, prompts):
    assert expand(template) == prompts
    assert count(template) == len(prompts)


@pytest.mark.parametrize(
    ("template", "position"),
    [("a {b", 3), ("a} b", 2), ("{a|{b}", 1), ("{a}}", 4), (r"\{a}", 4), ("{" * 40 + "}" * 40, 33)],
)
def test_bad_braces_name_their_position(template, position):
    for function in (expand, count):
        with pytest.raises(BadInputError, match=rf"character {position}\b") as refused:
            function(template)
        assert refused.value.hint


def test_too_many_prompts_are_refused_without_being_made():
    template = "{0|1|2|3|4|5|6|7|8|9}" * 5
    assert count(template) == 100_000
    with pytest.raises(BadInputError, match="100,000 prompts"):
        expand(template)
    with pytest.raises(BadInputError, match="far too many"):
        expand("{0|1}" * 5000)
    assert len(expand("{0|1|2|3|4|5|6|7|8|9}" * 4)) == CAP


@given(st.text())
def test_any_text_escaped_stands_for_itself(text):
    assert expand(escape(text)) == [text]


_plain = st.text(st.characters(exclude_characters="{}|\\"), max_size=4)
_templates = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "{" + "|".join(parts) + "}"),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=8,
)


@given(_templates)
def test_count_is_the_number_of_prompts(template):
    prompts = expand(template)
    assert count(template) == len(prompts)
    assert not any(c in "{}|" for prompt in prompts for c in prompt)


@given(st.text("{}|\\ab", max_size=30))
def test_whatever_is_typed_gives_prompts_or_a_sentence(template):
    try:
        prompts = expand(template)
    except BadInputError:
        with pytest.raises(BadInputError, match=r"at character \d+\."):
            count(template)
    else:
        assert len(prompts) == count(template)


# -- lists

LISTS = {
    "animal": ("dog", "fox", "owl", "hen"),
    "place": ("here", "{near|far} away", "with a __animal__"),
    "loop": ("__loop__",),
    "empty": (),
    "bad": ("a {b",),
}


def test_a_list_is_drawn_from_not_multiplied():
    assert count("a {grey|black} cat and a __animal__") == 2
    prompts = expand("a {grey|black} cat and a __animal__", lists=LISTS, seed=3)
    assert [prompt.rsplit(" ", 1)[0] for prompt in prompts] == [
        "a grey cat and a",
        "a black cat and a",
    ]
    assert all(prompt.rsplit(" ", 1)[1] in LISTS["animal"] for prompt in prompts)
    assert drawn_from("__animal__ {x|__place__} __animal__") == ("animal", "place")


def test_no_line_comes_twice_before_all_have_come():
    prompts = for_images("{a|b} __animal__", 16, seed=5, lists=LISTS)
    for start in ("a ", "b "):
        drawn = [p.removeprefix(start) for p in prompts if p.startswith(start)]
        assert sorted(drawn[:4]) == sorted(drawn[4:]) == sorted(LISTS["animal"])


def test_lines_are_templates_themselves():
    prompts = for_images("cat __place__", 40, lists=LISTS)
    assert {"cat here", "cat near away", "cat far away"} <= set(prompts)
    assert {f"cat with a {animal}" for animal in LISTS["animal"]} & set(prompts)
    assert not any("_" in prompt or "{" in prompt for prompt in prompts)


def test_another_seed_draws_others_and_more_images_go_on():
    few = for_images("{a|b} __animal__ __place__", 5, seed=1, lists=LISTS)
    many = for_images("{a|b} __animal__ __place__", 20, seed=1, lists=LISTS)
    assert many[:5] == few
    assert many != for_images("{a|b} __animal__ __place__", 20, seed=2, lists=LISTS)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("a __nothing__", "no list called __nothing__"),
        ("a __empty__", "__empty__ is empty"),
        ("a __loop__", "holds itself: loop → loop"),
        ("a __bad__", "A line of the list __bad__ has an opening brace"),
    ],
)
def test_lists_that_cannot_be_drawn_from_are_named(template, words):
    with pytest.raises(BadInputError, match=words) as refused:
        expand(template, lists=LISTS)
    assert refused.value.hint


def test_lists_that_swell_are_stopped():
    swelling = {"a": ("__b__" * 200,), "b": ("__c__" * 200,), "c": ("word",)}
    with pytest.raises(BadInputError, match="more than 20,000 characters"):
        expand("__a__", lists=swelling)


@pytest.mark.parametrize("text", ["__init__", "a __b__c__ d", "____", "snake_case", "__ __"])
def test_underscores_can_be_meant_as_such(text):
    assert expand(escape(text), lists={}) == [text]


def test_the_lists_that_come_along_can_all_be_drawn_from():
    lists = wildcards.load()
    assert len(lists) >= 8
    assert set(lists) == set(wildcards.names())
    for name, lines in lists.items():
        assert len(set(lines)) == len(lines) >= 7
        assert set(for_images(f"__{name}__", len(lines))) == set(lines)


def test_a_persons_own_list_replaces_and_adds(monkeypatch, tmp_path):
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path))
    folder = wildcards.user_folder()
    folder.mkdir(parents=True)
    (folder / "animal.txt").write_text("\ufeff# mine\n\n  unicorn \n", encoding="utf-8")
    (folder / "My toys.txt").write_text("ball\n")
    assert expand("a __animal__ with a __My-toys__") == ["a unicorn with a ball"]
    (folder / "latin.txt").write_bytes("Kätzchen".encode("latin-1"))
    with pytest.raises(BadInputError, match=r"latin\.txt is not UTF-8"):
        expand("__animal__")


_list_templates = st.lists(
    st.sampled_from(["__animal__", "__place__", "{a|__animal__|}", "_", "__", "x", "\\_"]),
    max_size=8,
).map("".join)


@given(_list_templates, st.integers(0, 12), st.integers(0, 2**32))
def test_images_get_prompts_that_only_the_seed_decides(template, images, seed):
    try:
        prompts = for_images(template, images, seed=seed, lists=LISTS)
    except BadInputError as error:
        assert "no list called" in error.message
        return
    assert len(prompts) == images
    assert prompts == for_images(template, images, seed=seed, lists=LISTS)
    assert not any("__animal__" in prompt for prompt in prompts)
