"""upswell import usage: a file of usage goes in row by row."""

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
from cli.conftest import Terminal, event, lines

from upswell.commands.cli import run
from upswell.store.ledger import Ledger
from upswell.store.measures import readings_of

HEAD = "customer,name,units,at\n"
ROW = "cus_a,exports,8450,2026-11-21T08:00:00Z\n"


@pytest.fixture
def upswell(capsys, tmp_path, monkeypatch):
    """Give a function that runs the command on a ledger with one customer, cus_a, and returns code, out and err."""
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text(lines(event("a")))
    run(["replay", "a.jsonl"])
    capsys.readouterr()

    def command(*arguments):
        code = run(arguments)
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def taken(upswell):
    """Give a function that takes in a file with such a text, or such bytes."""

    def taken(content):
        Path("u.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return upswell("import", "usage", "u.csv")

    return taken


def counted(new=0, corrected=0, known=0, bad=0):
    """Return what the command prints."""
    return f"{new} new, {corrected} corrected, {known} known already, {bad} bad; the ledger is upswell.db\n"


def kept():
    """Return name and units of what the ledger holds of the customer."""
    with Ledger(Path("upswell.db")) as ledger:
        return [(one.name, float(one.units)) for one in readings_of(ledger.connection, "cus_a")]


def test_rows_go_in_once(taken):
    """The same file again changes nothing; a row that says something else corrects what was said."""
    assert taken(HEAD + ROW) == (0, counted(new=1), "")
    assert taken(HEAD + ROW) == (0, counted(known=1), "")
    assert taken(HEAD + ROW.replace("8450", "8451.5")) == (0, counted(corrected=1), "")
    assert kept() == [("exports", 8451.5)]


@pytest.mark.parametrize("separator", ",;\t|")
def test_separators_are_told_by_the_header(taken, separator):
    """Commas, semicolons, tabs and | separate; a byte order mark, spaces and capitals do no harm."""
    text = "\ufeff" + HEAD.replace("customer", " Customer ") + '"cus_a","two, words; | or so",1,1795420800\r\n'
    quoted, plain = '"two, words; | or so"', "two words"
    assert taken(text.replace(quoted, plain).replace(",", separator))[:2] == (0, counted(new=1))
    assert kept() == [(plain, 1.0)]


def test_bad_rows_are_named_and_the_rest_is_kept(taken):
    """Each row that cannot be read is named by its line, with what is wrong; exit 1."""
    rows = [ROW, "cus_a,exports\n", "\n", '"cus\n_b",exports,1,2026-11-21\n', "cus_a,x,-1,2026-11-21\n"]
    content = (HEAD + "".join(rows)).encode() + b"cus_a,\xff,1,2026-11-21\n" + b"cus_a,last,1,2026-11-20"
    code, out, err = taken(content)
    assert (code, out) == (1, counted(new=2, bad=4))
    assert err.splitlines() == [
        "u.csv:3: 2 fields where the header has 4",
        "u.csv:5: customer holds a line break, another control character, or what is not UTF-8",
        "u.csv:7: units is no number from 0 on, with up to 18 digits before the point and 12 behind it",
        "u.csv:8: name holds a line break, another control character, or what is not UTF-8",
    ]
    assert kept() == [("last", 1.0), ("exports", 8450.0)]


def test_a_field_without_an_end_is_one_bad_row(taken):
    """A quote that nothing closes takes no more than 128 KiB with it; what follows is read."""
    code, out, err = taken(HEAD + 'cus_a,"x,1,2026-11-21\n' + "y" * 140_000 + "\n" + ROW)
    assert (code, out) == (1, counted(new=1, bad=1))
    assert err.startswith("u.csv:2: no CSV (field larger than field limit")


@pytest.mark.parametrize(
    ("header", "said"),
    {
        "": "names no column customer",
        "customer,name\n": "names no column at",
        "customer,name,at,limit\n": "names a column 'limit'",
        "customer,name,at,at\n": "names a column twice",
    }.items(),
)
def test_a_header_that_is_none_is_an_error(taken, header, said):
    """A file whose first line does not name the columns is refused whole, and the sentence names them."""
    code, out, err = taken(header + ROW)
    assert (code, out) == (1, "")
    assert said in err
    assert "a file of usage has customer, name, at and may have units, included" in err


def test_who_is_not_known_yet_is_said(taken):
    """Rows of a customer that the ledger does not know are kept, counted, and said."""
    code, out, err = taken(HEAD + ROW.replace("cus_a", "cus_z"))
    assert (code, out) == (0, counted(new=1))
    assert err == "1 are of customers that the ledger does not know yet: they count once it does.\n"


def test_who_is_forgotten_stays_so(upswell, taken):
    """Forgetting a customer deletes its readings, also from the file's bytes, and later ones are not kept."""
    taken("customer,name,at,kind,key\ncus_a,Mrs Quillfeather came,2026-11-20,milestone,quillfeather@example.com\n")
    assert upswell("forget", "cus_a", "--yes")[0] == 0
    assert kept() == []
    assert b"uillfeather" not in Path("upswell.db").read_bytes()
    assert taken(HEAD + ROW) == (0, counted(), "1 are of customers who are forgotten: they are not kept.\n")


def test_standard_input_and_gzip_are_files_too(upswell, monkeypatch):
    """- reads what is piped in, and what gzip packed is unpacked; a damaged one is an error, not a crash."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO((HEAD + ROW).encode()))))
    assert upswell("import", "usage", "-") == (0, counted(new=1), "")
    packed = gzip.compress((HEAD + ROW).encode())
    Path("u.csv.gz").write_bytes(packed)
    assert upswell("import", "usage", "u.csv.gz") == (0, counted(known=1), "")
    Path("u.csv.gz").write_bytes(packed[:-12])
    code, _, err = upswell("import", "usage", "u.csv.gz")
    assert code == 1
    assert "u.csv.gz cannot be read" in err


def test_a_missing_file_is_an_error(upswell):
    """A file that is not there is named, and so is a ledger."""
    assert upswell("import", "usage", "no.csv") == (
        1,
        "",
        "There is no file no.csv: name a file with usage, or - for standard input\n",
    )
    Path("u.csv").write_text(HEAD)
    Path("upswell.db").unlink()
    assert upswell("import", "usage", "u.csv")[0] == 1


def test_a_terminal_sees_progress(taken, monkeypatch):
    """On a terminal a bar moves on standard error while a long file is read."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    rows = "".join(f"cus_a,n{number},1,2026-11-21\n" for number in range(450))
    assert taken(HEAD + rows)[1] == counted(new=450)
    assert "Taking in" in screen.getvalue()


PEAK = """
import resource, sys
from upswell.commands.cli import run
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = run(["import", "usage", sys.argv[1]])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_long_files_take_no_more_memory(upswell):
    """What is read is not held: 40,000 rows take about as much memory as 400."""

    def grown(count):
        Path("long.csv").write_text(
            HEAD + "".join(f"cus_{row % 90},exports,{row},{1_790_000_000 + row}\n" for row in range(count))
        )
        ended = subprocess.run([sys.executable, "-c", PEAK, "long.csv"], capture_output=True, text=True, check=True)
        code, kilobytes = ended.stdout.splitlines()[-1].split()
        assert code == "0"
        return int(kilobytes)

    assert grown(40_000) < grown(400) + 20_000
