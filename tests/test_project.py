"""What surrounds the package agrees: version, classifiers, changelog, citation, workflow and findings."""

import ast
import configparser
import pathlib
import re
import shlex
import subprocess

import pytest
import yaml

import tsnas

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PYTHON = "Programming Language :: Python :: "
FINDINGS = sorted(path for path in (REPOSITORY / "findings").glob("*.sh") if path.stem != "run_all")
RELEASE = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$", re.M)


def setup_cfg():
    config = configparser.ConfigParser(interpolation=None)
    config.read_string((REPOSITORY / "setup.cfg").read_text())
    return config


def classified_pythons():
    """Versions of Python that the classifiers name, such as 3.11."""
    classifiers = setup_cfg()["metadata"]["classifiers"].split("\n")
    versions = [line.removeprefix(PYTHON) for line in classifiers if line.startswith(PYTHON)]
    return [version for version in versions if re.fullmatch(r"3\.\d+", version)]


def workflow():
    return yaml.safe_load((REPOSITORY / ".github/workflows/test.yml").read_text())


def citation():
    return yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())


def releases():
    """Sections of the changelog, the newest first: version to date, None for what is not released."""
    found = RELEASE.finditer((REPOSITORY / "CHANGELOG.md").read_text())
    return {match["version"]: match["date"] for match in found}


def test_the_version_is_set_in_one_place():
    """The build takes it from the package, where it is a literal that can be read without importing anything."""
    assert setup_cfg()["metadata"]["version"] == "attr: tsnas.version.__version__"
    tree = ast.parse((REPOSITORY / "src/tsnas/version.py").read_text())
    assigned = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__version__"]
    ]
    assert assigned == [tsnas.__version__]


def test_the_changelog_has_a_section_for_the_version():
    versions = list(releases())
    assert versions[0] == "Unreleased"
    assert versions[1] == tsnas.__version__


def test_every_release_has_a_date_and_they_fall():
    dates = list(releases().values())
    assert dates[0] is None
    assert all(dates[1:])
    assert dates[1:] == sorted(dates[1:], reverse=True)


def test_the_citation_is_of_the_version_and_its_date():
    cited = citation()
    assert cited["version"] == tsnas.__version__
    assert cited["date-released"] == releases()[tsnas.__version__]


def test_the_citation_agrees_with_the_metadata():
    cited, metadata = citation(), setup_cfg()["metadata"]
    assert cited["license"] == metadata["license"]
    assert cited["title"] == metadata["name"]
    assert cited["abstract"] == f"{metadata['description']}."
    holder = re.search(r"^Copyright \d{4} (.+)$", (REPOSITORY / "NOTICE").read_text(), re.M)[1]
    assert [author["name"] for author in cited["authors"]] == [holder]


def test_the_oldest_python_is_the_one_that_is_required():
    pythons = classified_pythons()
    assert pythons == sorted(pythons, key=lambda version: int(version.split(".")[1]))
    assert setup_cfg()["options"]["python_requires"] == f">={pythons[0]}"


def test_the_workflow_tests_every_python_of_the_classifiers():
    assert workflow()["jobs"]["test"]["strategy"]["matrix"]["python-version"] == classified_pythons()


def test_the_workflow_runs_targets_of_the_makefile():
    targets = re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.M)
    steps = [step for job in workflow()["jobs"].values() for step in job["steps"]]
    commands = [shlex.split(step["run"].removeprefix("sudo ")) for step in steps if "run" in step]
    assert [command[0] for command in commands] == ["make"] * len(commands)
    asked = [word for command in commands for word in command[1:] if "=" not in word]
    assert {"test", "docs"} <= set(asked) <= set(targets)


def test_findings_are_listed():
    listed = re.findall(r"^\| \[(\w+)\]\(\1\.sh\) \|", (REPOSITORY / "findings/README.md").read_text(), re.M)
    assert listed == [path.stem for path in FINDINGS]


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_has_the_form_that_its_readme_asks_for(path):
    text = path.read_text()
    subprocess.run(["bash", "-n", path], check=True)
    comment = text.partition("\nsource ")[0]
    parts = [
        r"# \w.+\.",
        "#",
        "# Versions: .+",
        "# Expected: .+",
        r"# Seen \(20\d\d-\d\d-\d\d\): .+",
        "# It matters .+",
    ]
    assert re.fullmatch(r"#!/usr/bin/env bash\n" + r"\n(#  .+\n)*".join(parts) + r"(\n#  .+)*", comment)
    installed = text.partition("\ninstall ")[2].partition("\nobserve")[0].replace("\\\n", " ").split()
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", package) for package in installed)
    pins = dict(package.split("==") for package in installed)
    versions = re.search("# Versions:  (.+)", text)[1]
    assert dict(version.split(" ") for version in versions.split(", ")).items() <= pins.items()
    assert not re.search(r"(import|from) tsnas", text)
