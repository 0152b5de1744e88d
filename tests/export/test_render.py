"""Numbers, strings and comments of generated sources."""

import re
import subprocess

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from on_pc import FLAGS

from tsnas.export.render import (
    escape_comment,
    escape_markdown,
    format_float,
    format_floats,
    format_integers,
    join_lines,
    quote_c_string,
)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_literal_is_the_same_float32(value):
    literal = format_float(value)
    assert re.fullmatch(r"-?\d+\.\d*(e[+-]\d+)?f", literal)
    assert np.float32(literal.removesuffix("f")) == np.float32(value)


def test_strings_are_what_the_compiler_reads(tmp_path):
    texts = ['go "left"', "a\\b", "line\nbreak", "Füße", "走る 🏃", "what??/", "", "%d%s", "\t\x01\x7f9"]
    literals = ",\n    ".join(map(quote_c_string, texts))
    assert literals.isascii()
    source = tmp_path / "strings.c"
    source.write_text(
        "#include <stdio.h>\n"
        f"static const char *const texts[] = {{\n    {literals}\n}};\n"
        f"int main(void)\n{{\n    for (int i = 0; i < {len(texts)}; i++) {{\n"
        "        fputs(texts[i], stdout);\n        putchar(0);\n    }\n    return 0;\n}\n"
    )
    subprocess.run(["gcc", *FLAGS, str(source), "-o", str(tmp_path / "strings")], check=True)
    found = subprocess.run([tmp_path / "strings"], capture_output=True, check=True).stdout
    assert [part.decode() for part in found.split(b"\0")[:-1]] == texts


@given(st.text())
def test_a_comment_stays_a_comment(text):
    found = escape_comment(text)
    assert found.isascii()
    assert "\n" not in found
    assert not re.search(r"\*/|/\*|\\$", found)


def test_the_least_int32_has_no_literal_of_its_own():
    assert format_integers(np.array([-(2**31), 5], np.int32)).strip() == "(-2147483647 - 1), 5"


def test_lines_are_short():
    for text in (
        format_integers(np.arange(-128, 128)),
        format_integers(bytes(range(256))),
        format_floats(np.linspace(-1e5, 1e5, 99)),
    ):
        assert max(map(len, text.splitlines())) <= 112


def test_names_in_tables_and_properties():
    assert escape_markdown("a|b*c\nd") == r"a\|b\*c d"
    assert join_lines(" a \n b ") == "a b"
