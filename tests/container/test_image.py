"""The image itself: built by the Docker engine of this machine, and run as Fargate runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import uuid
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from answerer.environment import open_table
from tests.checkpoints import make_checkpoint
from tests.container.bases import like_python_slim
from tests.local_server import serving
from tests.tutorial import EINSTEIN, YEAR
from tools.benchmark.table import served

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "container"

# A Debian with Python, pip and this machine's settings for pip, for machines that can pull no image.
DEBIAN = os.environ.get("QABOT_BASE_IMAGE", "python-slim-local")


pytestmark = pytest.mark.timeout(900)


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        pytest.fail(f"docker {arguments[0]}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done


@pytest.fixture(scope="session")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp().parent / "image.lock"


def default_base() -> str:
    """The base image that container/Dockerfile names."""
    found = re.search(
        r"^ARG BASE_IMAGE=(\S+)$", (CONTAINER / "Dockerfile").read_text("utf-8"), re.MULTILINE
    )
    assert found is not None
    return found[1]


@pytest.fixture(scope="session")
def bases(lock: Path) -> dict[str, str]:
    """The base images that this machine has, by their layout.

    `debian` has Debian's Python in /usr; `usr-local` has the layout of the real `python:slim`, which it
    is where it can be pulled.
    """
    if shutil.which("docker") is None or docker("info", check=False).returncode:
        pytest.skip("no Docker engine answers here, so no image can be built")
    with FileLock(lock):
        if docker("image", "inspect", DEBIAN, check=False).returncode:
            if docker("pull", "--quiet", default_base(), check=False).returncode:
                pytest.skip(f"cannot pull {default_base()}; name another base in QABOT_BASE_IMAGE")
            return {"usr-local": default_base()}
        made = like_python_slim(DEBIAN)
    return {"debian": DEBIAN} | ({"usr-local": made} if made else {})


@cache
def program_for(builder: str) -> str | None:
    """A `docker` on PATH that can build with `classic` or `buildkit`; None where there is none."""
    folders = os.environ["PATH"].split(os.pathsep)
    for program in (found for folder in folders if (found := shutil.which("docker", path=folder))):
        tried = subprocess.run(
            [program, "build", "--quiet", "-"],
            input=b"FROM scratch\nLABEL qabot-test=builder\n",
            env=environment_for(builder),
            capture_output=True,
            check=False,
        )
        if tried.returncode == 0:
            return program
    return None


def environment_for(builder: str) -> dict[str, str]:
    return {**os.environ, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0"}


def build(
    tag: str, context: Path, lock: Path, *arguments: str, base: str, builder: str = "classic"
) -> str:
    program = program_for(builder)
    if program is None:
        pytest.skip(f"no docker on PATH can build with {builder}")
    # One build at a time: the other processes of this run then find everything built.
    with FileLock(lock):
        done = subprocess.run(
            [
                *(program, "build", "--quiet", "--network", "host", "--tag", tag),
                *("--build-arg", f"BASE_IMAGE={base}", *arguments, str(context)),
            ],
            env=environment_for(builder),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        pytest.fail(f"{builder} on {base}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return tag


@pytest.fixture(scope="session", params=["debian-classic", "usr-local-buildkit"])
def image(request: pytest.FixtureRequest, bases: dict[str, str], lock: Path) -> str:
    """The image with the bundled model, on either layout of the base and by either builder."""
    layout, _, builder = request.param.rpartition("-")
    if layout not in bases:
        pytest.skip(f"this machine has no base image of the layout {layout}")
    tag = f"qabot-test-{request.param}"
    arguments = ("--build-arg", "MODEL=bundled")
    return build(tag, CONTAINER, lock, *arguments, base=bases[layout], builder=builder)


def run(image: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    limits = ("--read-only", "--network", "none", "--cpus", "1", "--memory", "512m")
    return docker("run", "--rm", *limits, image, *arguments, check=False)


def test_answers_as_the_tutorial_does(image: str) -> None:
    done = run(image, EINSTEIN, YEAR, "foo", "--no_save")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert list(answer) == ["score", "start", "end", "answer"]
    assert (answer["answer"], answer["start"], answer["end"]) == ("1921", 431, 435)
    assert done.stderr == ""


def test_wrong_use_is_explained(image: str) -> None:
    done = run(image)
    assert done.returncode == 2, done.stderr
    assert "give CONTEXT QUESTION ITEM_ID, or --item-id KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_answer_is_kept_in_the_table(image: str) -> None:
    with served() as environ:
        given = [f"--env={name}={value}" for name, value in environ.items()]
        done = docker(
            *("run", "--rm", "--read-only", "--network", "host", *given),
            *(image, EINSTEIN, YEAR, "foo"),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["answer"] == "1921"
        table = open_table(environ)
        item = table.client.get_item(TableName=table.name, Key={"item_id": {"S": "foo"}})["Item"]
        assert "1921" in json.dumps(item, default=str)


def test_stop_ends_a_task_that_waits(image: str) -> None:
    # A table that accepts the connection and never replies.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"qabot-test-{uuid.uuid4().hex[:8]}"
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "TABLE_NAME": "answers",
        }
        given = [f"--env={name}={value}" for name, value in environment.items()]
        docker(
            *("run", "--detach", "--name", name, "--read-only", "--network", "host"),
            *(*given, image, "--item-id", "a" * 64, "--attempt", "1"),
        )
        try:
            silent.settimeout(30)
            connection, _ = silent.accept()
            docker("kill", "--signal", "TERM", name)
            # Gone, so that it need not wait for the table to take note of the end.
            connection.close()
            silent.close()
            assert docker("wait", name).stdout == "143\n"
            assert "was stopped (SIGTERM)" in docker("logs", name).stderr
        finally:
            docker("rm", "--force", name, check=False)


@pytest.fixture(scope="session")
def files(image: str) -> dict[str, tarfile.TarInfo]:
    """Everything in the image, by its path, without what the engine puts there for a container."""
    container = docker("create", image).stdout.strip()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as export:
            assert export.stdout is not None
            with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
                found = {f"/{member.name}": member for member in tar}
    finally:
        docker("rm", container)
    engine = ("/dev", "/proc", "/sys", "/.dockerenv", "/etc/mtab", "/etc/host", "/etc/resolv.conf")
    return {path: member for path, member in found.items() if not path.startswith(engine)}


def test_image_holds_what_answering_needs_and_no_more(
    image: str, files: dict[str, tarfile.TarInfo]
) -> None:
    (config,) = json.loads(docker("inspect", image).stdout)
    assert config["Config"]["User"] == "10001:10001"
    assert config["Config"]["Entrypoint"] == ["python", "-m", "answerer"]
    packages = {path.split("/")[3] for path in files if path.startswith("/app/packages/")}
    assert {"onnxruntime", "tokenizers", "numpy", "boto3"} <= packages
    assert not packages & {"torch", "transformers", "yaml", "pip", "huggingface_hub", "onnx"}
    assert not [path for path in files if "nvidia" in path or "exporting" in path]
    assert "/app/model/README.md" in files, "the model's licence asks for its card"
    assert "/app/answerer/__pycache__" in files, "a read-only root cannot store bytecode"
    assert [path for path in files if re.search(r"/__pycache__/argparse\.", path)]


def test_image_has_no_tools(files: dict[str, tarfile.TarInfo]) -> None:
    programs = {
        path
        for path, file in files.items()
        if file.isreg() and file.mode & 0o111 and not re.search(r"\.(py|so(\..*)?)$", path)
    }
    assert len(programs) == 1, programs
    assert re.fullmatch(r"/usr/(local/)?bin/python3\.\d+", programs.pop())
    names = {path.rpartition("/")[2] for path, file in files.items() if not file.isdir()}
    assert not names & {"sh", "bash", "dash", "busybox", "apt", "dpkg", "pip", "perl"}
    assert not [path for path in files if "/ensurepip/" in path or "/pip/" in path]
    assert not [path for path, file in files.items() if file.mode & 0o6000], "setuid or setgid"


def test_nothing_in_the_image_can_be_written(files: dict[str, tarfile.TarInfo]) -> None:
    assert {(file.uid, file.gid) for file in files.values()} == {(0, 0)}
    assert [path for path, file in files.items() if not file.issym() and file.mode & 0o022] == []


def test_the_image_names_what_is_left_of_its_base(files: dict[str, tarfile.TarInfo]) -> None:
    # So that scanners find the known vulnerabilities of what is there.
    packages = {path.rpartition("/")[2] for path in files if "/dpkg/status.d/" in path}
    assert "libc6" in packages
    assert not packages & {"bash", "dash", "apt", "dpkg", "coreutils", "perl-base"}
    assert "/usr/share/doc/libc6/copyright" in files
    assert "/etc/os-release" in files


def test_a_release_lists_every_package_of_the_image(image: str, tmp_path: Path) -> None:
    listed = tmp_path / "image.spdx.json"
    done = subprocess.run(
        [ROOT / "scripts/release", "contents", image, listed], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    packages = {
        (package["name"].replace("_", "-"), package.get("versionInfo"))
        for package in json.loads(listed.read_text("utf-8"))["packages"]
    }
    lock = (CONTAINER / "requirements.txt").read_text("utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, re.MULTILINE))
    # Of a package with a version for older Pythons, one is there.
    assert {name for name, _ in locked & packages} == {name for name, _ in locked}
    assert "libc6" in {name for name, _ in packages}


def test_image_is_small(image: str) -> None:
    (size,) = docker("image", "inspect", "--format={{.Size}}", image).stdout.split()
    assert int(size) < 190e6, f"{int(size):,} bytes, uncompressed"


def test_the_base_is_the_one_that_dependabot_raises() -> None:
    text = (CONTAINER / "base" / "Dockerfile").read_text("utf-8")
    (literal,) = re.findall(r"^FROM (\S+)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", literal)
    assert default_base() == literal, "write the newer of the two into container/Dockerfile, too"
    updates = (ROOT / ".github" / "dependabot.yml").read_text("utf-8")
    assert "package-ecosystem: docker\n    directory: /container/base " in updates


def test_same_torch_as_everywhere() -> None:
    everywhere = (ROOT / "requirements/torch.txt").read_text("utf-8").splitlines()[-1]
    version = everywhere.removeprefix("torch==")
    assert f"ARG TORCH_VERSION={version}\n" in (CONTAINER / "Dockerfile").read_text("utf-8")


def test_same_model_as_the_settings_name() -> None:
    text = (CONTAINER / "Dockerfile").read_text("utf-8")
    settings = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]["qabot"]
    for name in ("model", "revision", "quantisation"):
        assert f"ARG {name.upper()}={settings[name] or ''}\n" in text


@pytest.fixture
def torch_index(tmp_path: Path) -> Iterator[list[str]]:
    """Build arguments for an index with torch: pip's, where it has the build without CUDA."""
    version = (ROOT / "requirements/torch.txt").read_text("utf-8").splitlines()[-1]
    folder = tmp_path / "index" / "torch"
    folder.mkdir(parents=True)
    fetched = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--only-binary=:all:", "--dest", str(folder), f"{version}+cpu"),
        ],
        capture_output=True,
        check=False,
    )
    if fetched.returncode:
        yield []  # then PyTorch's own
        return

    with serving(partial(SimpleHTTPRequestHandler, directory=str(folder.parent))) as index:
        yield ["--build-arg", f"TORCH_INDEX={index}"]


def test_checkpoint_is_exported_while_the_image_is_built(
    bases: dict[str, str], lock: Path, torch_index: list[str], tmp_path: Path
) -> None:
    context = tmp_path / "container"
    shutil.copytree(CONTAINER, context, ignore=shutil.ignore_patterns("__pycache__"))
    make_checkpoint(context / "checkpoint", "distilbert")
    tag = f"qabot-test-{uuid.uuid4().hex[:8]}"
    # By this label the classic builder's stage, with torch in it, is found again and removed.
    recipe = context / "Dockerfile"
    stage = " AS model\n"
    text = recipe.read_text("utf-8").replace(stage, f"{stage}LABEL qabot-test={tag}\n")
    recipe.write_text(text, encoding="utf-8")
    arguments = ["--build-arg", "MODEL=checkpoint", *torch_index]
    try:
        build(tag, context, lock, *arguments, base=next(iter(bases.values())))
        done = run(tag, "the quick brown fox jumps", "who jumps ?", "foo", "--no_save")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert "the quick brown fox jumps"[answer["start"] : answer["end"]] == answer["answer"]
        read = "print(open('/app/model/model.json').read())"
        info = json.loads(docker("run", "--rm", "--entrypoint", "python", tag, "-c", read).stdout)
        assert (info["name"], info["quantisation"]) == ("checkpoint", "int8")
    finally:
        docker("image", "rm", "--force", tag, check=False)
        docker("image", "prune", "--force", "--filter", f"label=qabot-test={tag}", check=False)
