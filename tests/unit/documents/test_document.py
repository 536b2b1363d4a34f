from __future__ import annotations

import json
from pathlib import Path

import cfnlint  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents import document
from samlocal.documents.document import compose, load
from samlocal.documents.scalars import parse_core_scalar
from samlocal.errors import TemplateError, TemplateNotFoundError

PATH = Path("template.yaml")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


def plain(text: str) -> object:
    return compose(text, PATH).root.plain()


@given(json_values.filter(lambda value: isinstance(value, list | dict)))
def test_json_is_read_as_json(value: object) -> None:
    """A JSON document has the same value as in Python's own reader, including escapes."""
    assert plain(json.dumps(value)) == value


@given(json_values)
def test_yaml_has_the_same_value_as_in_pyyaml(value: object) -> None:
    """YAML written by PyYAML has the same value as in PyYAML itself."""
    text = yaml.safe_dump(value, allow_unicode=True)
    assert plain(text) == yaml.load(text, Loader=yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("0o17", "0o17"),
        ("017", 15),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1:30", 90),
        ("-1.50", -1.5),
        ("1e3", "1e3"),
        (".inf", float("inf")),
        ("012345678901", "012345678901"),
        ("2010-09-09", "2010-09-09"),
        ("'yes'", "yes"),
        ("!!str 012", "012"),
        ("!!int '12'", 12),
    ],
)
def test_words_of_yaml_1_1(word: str, value: object) -> None:
    """Unquoted words have the same types as in sam, except dates, which stay text."""
    assert plain(f"key: {word}") == {"key": value}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", "yes"),
        ("Off", "Off"),
        ("TRUE", True),
        ("~", None),
        ("Null", None),
        ("0o17", 15),
        ("0o9", "0o9"),
        ("017", 17),
        ("-012", -12),
        ("0x1F", 31),
        ("0b11", 3),
        ("0x_", "0x_"),
        ("1_000", 1000),
        ("_1", "_1"),
        ("1:30", "1:30"),
        ("12:30:00", "12:30:00"),
        ("-1.50", -1.5),
        ("685_230.15", 685230.15),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("2010-09-09", "2010-09-09"),
        ("'12'", "12"),
        ("!!str 012", "012"),
    ],
)
def test_words_of_yaml_1_2_as_in_sam(word: str, value: object) -> None:
    """Configuration is read as ruamel.yaml reads it for sam: digits may stand in groups, and dates stay text."""
    read = compose(f"key: {word}", PATH, schema=parse_core_scalar).root.plain()
    assert read == {"key": value}


def test_every_value_knows_its_place() -> None:
    """Lines and columns count from one, in nested values too."""
    root = compose("Resources:\n  Ratings:\n    - one\n    - two\n", PATH).root
    ratings = root.entries("root")["Resources"].entries("resources")["Ratings"]
    assert str(ratings.items("ratings")[1].place) == "template.yaml:4:7"
    assert str(root.place_of("Resources")) == "template.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Stage", {"Ref": "Stage"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": "Table.Arn"}),
        ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
        ("!Transform {Name: x}", {"Fn::Transform": {"Name": "x"}}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!Sub '${A}'", {"Fn::Sub": "${A}"}),
    ],
)
def test_short_forms_become_long_forms(text: str, value: object) -> None:
    """A tag becomes the intrinsic function that it abbreviates."""
    assert plain(text) == value


def test_aliases_and_merges_are_followed() -> None:
    """Anchors and `<<` work as in YAML 1.1, where a mapping's own entries win."""
    text = "base: &b {a: 1, b: 2}\nother: {<<: *b, b: 3}\nlist: {<<: [*b, {c: 4}]}"
    assert plain(text) == {
        "base": {"a": 1, "b": 2},
        "other": {"a": 1, "b": 3},
        "list": {"a": 1, "b": 2, "c": 4},
    }


def test_a_duplicate_key_is_reported_and_the_later_one_counts() -> None:
    """The later entry of a repeated key applies, and both places are reported."""
    result = compose("a: 1\nb: 2\na: 3\n", PATH)
    assert result.root.plain() == {"a": 3, "b": 2}
    (duplicate,) = result.duplicate_keys
    assert (str(duplicate.place), str(duplicate.earlier)) == (
        "template.yaml:3:1",
        "template.yaml:1:1",
    )


BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 400))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "template.yaml:1:1: the file is empty", id="empty"),
        pytest.param("# nothing\n", "template.yaml:1:1: the file is empty", id="comment"),
        pytest.param("a: [1", "template.yaml:1:6: not valid YAML: did not find", id="open"),
        pytest.param(
            "a: 1\n b: 2", "template.yaml:2:3: not valid YAML: mapping values", id="indent"
        ),
        pytest.param("a:\n\tb: 1", "template.yaml:2:1: not valid YAML: found character", id="tab"),
        pytest.param("a: 1\n---\nb: 2", "template.yaml:2:1: a second document", id="second"),
        pytest.param("a: !!python/object:os.system x", "the tag `!!python/object", id="python"),
        pytest.param("? [a]\n: 1", "template.yaml:1:3: a key must be a string", id="key"),
        pytest.param(
            "a: *b", "template.yaml:1:4: `*b` does not refer to an earlier anchor", id="anchor"
        ),
        pytest.param("a: &b [*b]", "template.yaml:1:8: `*b` is inside the value", id="itself"),
        pytest.param("a: {<<: 1}", "the value of `<<` must be a mapping, not `1`", id="merge"),
        pytest.param("[" * 100_000, "nest more than 100 levels deep", id="deep"),
        pytest.param(CHAIN, "nest more than 100 levels deep", id="chain"),
        pytest.param(BOMB, "the aliases expand to more than 2,000,000 values", id="bomb"),
        pytest.param("a: b\n\x07", "template.yaml:2:1: not valid YAML", id="control"),
    ],
)
def test_a_malformed_document_is_an_error_with_a_place(text: str, message: str) -> None:
    """A malformed document is one error with its place."""
    with pytest.raises(TemplateError) as caught:
        compose(text, PATH)
    assert message in str(caught.value)
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "t.json:1:8: not valid JSON: Expecting ',' delimiter"),
        ('{"a":\n [1, }', "t.json:2:6: not valid JSON: Expecting value"),
        ("[" * 100_000, "t.json:1:101: values nest more than 100 levels deep"),
        ("[" * 101 + "]" * 101, "t.json:1:101: values nest more than 100 levels deep"),
    ],
)
def test_the_error_of_malformed_json_is_about_json(text: str, message: str) -> None:
    """In a .json file, the error is about JSON, not YAML."""
    with pytest.raises(TemplateError) as caught:
        compose(text, Path("t.json"))
    assert message in str(caught.value)


def test_yaml_in_flow_style_is_yaml() -> None:
    """YAML in flow style, which starts with a brace, is not JSON."""
    assert plain("{a: !Ref B, 'c': 0x10} # d") == {"a": {"Ref": "B"}, "c": 16}


def test_places_in_json() -> None:
    """Lines and columns count from one in JSON too, and duplicate keys are reported."""
    result = compose('{\n  "a": [1,\n\n    {"b": "é"}],\n  "a": [2]}', PATH)
    assert str(result.root.entries("root")["a"].items("a")[0].place) == "template.yaml:5:9"
    (duplicate,) = result.duplicate_keys
    assert (str(duplicate.place), str(duplicate.earlier)) == (
        "template.yaml:5:3",
        "template.yaml:2:3",
    )


def test_schemas_of_cfn_lint_have_the_same_values_as_in_python() -> None:
    """The schemas of hundreds of resource types have the same values as in Python's own reader."""
    directory = Path(cfnlint.__file__).parent / "data"
    paths = sorted(directory.rglob("*.json"))[::40]
    assert len(paths) > 20
    for path in paths:
        assert load(path).root.plain() == json.loads(path.read_bytes()), path


def test_a_lone_surrogate_in_json_is_replaced() -> None:
    """A lone surrogate, which no file or environment can contain, is replaced."""
    assert plain('{"a": "x\\ud83dy"}') == {"a": "x\N{REPLACEMENT CHARACTER}y"}


def test_a_tab_gets_a_hint() -> None:
    """The error for a tab has a hint about indentation."""
    with pytest.raises(TemplateError) as caught:
        compose("a:\n\tb: 1", PATH)
    assert caught.value.hint == "this line is indented with a tab; YAML allows only spaces"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A missing template is a TemplateNotFoundError with its name."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none.yaml", tmp_path / "file" / "none.yaml"):
        with pytest.raises(TemplateNotFoundError, match=r"no template at `.*/none.yaml`"):
            load(path)


def test_a_directory_is_not_a_template(tmp_path: Path) -> None:
    """A directory given as a template is an error, not a traceback."""
    with pytest.raises(TemplateError, match="Is a directory"):
        load(tmp_path)


def test_a_huge_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the size limit is an error, and not read to its end."""
    monkeypatch.setattr(document, "MAX_BYTES", 2 * 2**20)
    (tmp_path / "t.yaml").write_bytes(b"#" * (3 * 2**20))
    with pytest.raises(TemplateError, match="has more than 2 MiB"):
        load(tmp_path / "t.yaml")


def test_an_endless_device_is_an_error() -> None:
    """An endless device is an error at the size limit."""
    with pytest.raises(TemplateError, match="has more than 10 MiB"):
        load(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param("\ufeffa: ü".encode(), {"a": "ü"}, id="utf-8 with mark"),
        pytest.param("a: ü".encode("utf-16"), {"a": "ü"}, id="utf-16"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, value: object) -> None:
    """UTF-8 with a byte order mark, and UTF-16, can be read."""
    (tmp_path / "t.yaml").write_bytes(data)
    assert load(tmp_path / "t.yaml").root.plain() == value


def test_another_encoding_is_an_error_with_a_place(tmp_path: Path) -> None:
    """Latin-1 text is an error at its first invalid byte."""
    (tmp_path / "t.yaml").write_bytes(b"a: 1\nb: \xfc\n")
    with pytest.raises(TemplateError, match=r"t.yaml:2:4: the file is not UTF-8"):
        load(tmp_path / "t.yaml")


def test_a_merged_entry_knows_its_place() -> None:
    """The place of a merged entry is where it is written, not where it is merged."""
    root = compose("base: &b\n  a: 1\nother:\n  <<: *b\n", PATH).root
    assert str(root.entries("root")["other"].place_of("a")) == "template.yaml:2:3"


def test_merging_is_not_exponential() -> None:
    """Repeatedly merged nodes count once: sixty doublings are not an alias bomb."""
    lines = ["f0: &f0 {a: 1}"]
    lines += [f"f{n}: &f{n} {{<<: [*f{n - 1}, *f{n - 1}]}}" for n in range(1, 61)]
    assert compose("\n".join(lines), PATH).root.entries("root")["f60"].plain() == {"a": 1}
