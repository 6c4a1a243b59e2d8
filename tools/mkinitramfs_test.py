#!/usr/bin/env python3
"""Tests of tools/mkinitramfs: what it packs, cpio(1) unpacks; alignment; errors of recipes."""

import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mkinitramfs")


def records(archive):
    """Walk the archive as a kernel does: (name, mode, data offset, data) for each record."""
    at = 0
    while True:
        assert archive[at:at + 6] == b"070701", at
        field = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, namesize = field[1], field[6], field[11]
        name = archive[at + 110:at + 110 + namesize].split(b"\0")[0].decode()
        data = (at + 110 + namesize + 3) & ~3
        if name == "TRAILER!!!":
            return
        yield name, mode, data, archive[data:data + size]
        at = (data + size + 3) & ~3


class MkinitramfsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.chdir(self.folder.name)

    def write(self, name, data):
        with open(name, "wb") as f:
            f.write(data)

    def pack(self, recipe, *options):
        self.write("recipe", recipe.encode())
        return subprocess.run([sys.executable, TOOL, "recipe", "-o", "out.cpio", *options],
                              capture_output=True, text=True)

    def archive(self, recipe, *options):
        done = self.pack(recipe, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open("out.cpio", "rb") as f:
            return f.read()

    def test_cpio_unpacks_what_was_packed(self):
        self.write("big", os.urandom(10000))
        self.archive("dir / 755\ndir /d 750\nfile /d/big big 700\nslink /l d/big\n")
        os.mkdir("un")
        done = subprocess.run(["cpio", "-idm", "--quiet"], cwd="un", stdin=open("out.cpio", "rb"),
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(open("un/d/big", "rb").read(), open("big", "rb").read())
        self.assertEqual(os.stat("un/d/big").st_mode & 0o7777, 0o700)
        self.assertEqual(os.readlink("un/l"), "d/big")

    def test_large_files_are_page_aligned_wherever_they_come(self):
        self.write("big", b"x" * 5000)
        for length in range(0, 4200, 97):
            self.write("small", b"s" * min(length, 4095))
            archive = self.archive("dir /d 755\nfile /d/small small 644\nfile /d/big big 644\n")
            found = {name: (data, body) for name, _, data, body in records(archive)}
            self.assertEqual(found["d/big"][0] % 4096, 0)
            self.assertEqual(found["d/big"][1], b"x" * 5000)
            self.assertEqual(found["d/small"][1], b"s" * min(length, 4095))

    def test_names_stay_within_PATH_MAX(self):
        self.write("big", b"x" * 4096)
        leaf = "n" * 200
        recipe = "dir /d 755\n" + "".join(f"file /d/{leaf}{i} big 644\n" for i in range(64))
        archive = self.archive(recipe)
        at = 0
        for name, _, data, body in records(archive):
            self.assertLessEqual(data - at - 110, 4096 + 3, name)
            at = (data + len(body) + 3) & ~3

    def test_same_input_gives_same_bytes(self):
        self.write("f", b"1")
        recipe = "file /f f 644\nnod /c 600 c 5 1\n"
        first = self.archive(recipe)
        os.utime("f", (1, 1))
        self.assertEqual(first, self.archive(recipe))

    def test_errors_name_the_line(self):
        for recipe, text in [
            ("file /x missing 644\n", "recipe:1: "),
            ("dir /a 755\ndir /a 755\n", "recipe:2: a: listed twice"),
            ("file /a/b recipe 644\n", "recipe:1: a/b: its folder a"),
            ("dir /${NO} 755\n", "unknown variable"),
            ("fifo /x 644\n", "unknown kind"),
            ("nod /x 644 p 1 1\n", "neither c nor b"),
            ("dir /x rwx\n", "recipe:1: "),
            ("dir /x\n", "recipe:1: "),
            ("applets / recipe\n", "no table of applets"),
        ]:
            done = self.pack(recipe)
            self.assertNotEqual(done.returncode, 0, recipe)
            self.assertIn(text, done.stderr, recipe)
            self.assertNotIn("Traceback", done.stderr)

    def test_optional_file_may_be_missing(self):
        names = [r[0] for r in records(self.archive("dir /d 755\n?file /d/x missing 644\n"))]
        self.assertEqual(names, ["d"])

    def test_size_limit_is_kept(self):
        self.write("big", b"x" * (2 << 20))
        self.assertIn("more than 1 MiB", self.pack("file /b big 644\n", "--max-mib", "1").stderr)


if __name__ == "__main__":
    unittest.main()
