"""screen.py - what a VT100 would show: a grid of characters, fed with the bytes of a serial line

Knows what the programs of the tests send (busybox vi, less and top, readline): cursor movement, erasing, inserting
and deleting of lines and characters, and a scrolling region.  Colours and modes are swallowed, and so is the question
where the cursor is: an answer that comes late would be input of the next program.  Whatever else comes is kept in
`unknown`, for a test to complain about.

Source: ECMA-48, "Control functions"; VT100 User Guide, "Programmer information".
"""
import re

SEQUENCE = re.compile(r"\x1b(?:\[([?>=]?)([0-9;]*)([@-~])|[()][0-9A-B]|([^\[()]))")


class Screen:
    def __init__(self, rows=24, cols=80):
        self.rows, self.cols = rows, cols
        self.unknown = []
        self.pending = ""  # of a sequence whose end is still to come
        self.reset()

    def reset(self):
        self.grid = [[" "] * self.cols for _ in range(self.rows)]
        self.y = self.x = 0
        self.top, self.bottom = 0, self.rows - 1
        self.saved = (0, 0)
        self.wrap = False  # the last column is taken: the next character goes to the next line

    def lines(self):
        return ["".join(row).rstrip() for row in self.grid]

    def text(self):
        return "\n".join(self.lines())

    def feed(self, text):
        text, self.pending = self.pending + text, ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.character(text[at])
                at += 1
                continue
            match = SEQUENCE.match(text, at)
            if not match:
                if len(text) - at > 32:
                    self.unknown.append(text[at:at + 8])
                    at += 1
                    continue
                self.pending = text[at:]
                break
            self.sequence(*match.groups())
            at = match.end()

    def character(self, c):
        if c == "\r":
            self.x, self.wrap = 0, False
        elif c in "\n\v\f":
            self.line_feed()
        elif c == "\b":
            self.x, self.wrap = max(0, self.x - 1), False
        elif c == "\t":
            self.x = min(self.cols - 1, (self.x | 7) + 1)
        elif c >= " " and c != "\x7f":
            if self.wrap:
                self.x, self.wrap = 0, False
                self.line_feed()
            self.grid[self.y][self.x] = c
            self.wrap = self.x == self.cols - 1
            self.x = min(self.cols - 1, self.x + 1)

    def line_feed(self):
        if self.y == self.bottom:
            self.scroll(self.top, 1)
        else:
            self.y = min(self.rows - 1, self.y + 1)

    def scroll(self, top, n):
        """Lines from @top to the region's end go up by n, or down by -n."""
        for _ in range(abs(n)):
            blank = [" "] * self.cols
            if n > 0:
                del self.grid[top]
                self.grid.insert(self.bottom, blank)
            else:
                del self.grid[self.bottom]
                self.grid.insert(top, blank)

    def erase(self, first, last):
        """From one place to before another, both (row, column)."""
        for y in range(self.rows):
            for x in range(self.cols):
                if first <= (y, x) < last:
                    self.grid[y][x] = " "

    def move(self, y, x):
        self.y, self.x = min(max(y, 0), self.rows - 1), min(max(x, 0), self.cols - 1)
        self.wrap = False

    def sequence(self, private, numbers, final, single):
        if single:
            self.escape(single)
        elif final and not private and final not in "mhltn":
            self.control(numbers, final)

    def control(self, numbers, final):
        args = [int(n or 0) for n in numbers.split(";")]
        n, m = max(args[0], 1), max(args[1], 1) if len(args) > 1 else 1
        row = self.grid[self.y]
        here, start, end = (self.y, self.x), (0, 0), (self.rows, 0)
        if final in "ABCD":
            dy, dx = {"A": (-n, 0), "B": (n, 0), "C": (0, n), "D": (0, -n)}[final]
            self.move(self.y + dy, self.x + dx)
        elif final in "Hf":
            self.move(n - 1, m - 1)
        elif final == "G":
            self.move(self.y, n - 1)
        elif final == "d":
            self.move(n - 1, self.x)
        elif final == "J":
            self.erase(*[(here, end), (start, (self.y, self.x + 1)), (start, end)][args[0]])
        elif final == "K":
            line, behind = (self.y, 0), (self.y + 1, 0)
            self.erase(*[(here, behind), (line, (self.y, self.x + 1)), (line, behind)][args[0]])
        elif final in "LM":
            self.scroll(self.y, n if final == "M" else -n)
        elif final == "P":
            row[self.x:] = row[self.x + n:] + [" "] * min(n, self.cols - self.x)
        elif final == "@":
            row[self.x:] = ([" "] * n + row[self.x:])[:self.cols - self.x]
        elif final == "r":
            self.top, self.bottom = n - 1, (args[1] if len(args) > 1 and args[1] else self.rows) - 1
            self.move(0, 0)
        else:
            self.unknown.append(f"CSI {numbers}{final}")

    def escape(self, single):
        if single == "7":
            self.saved = (self.y, self.x)
        elif single == "8":
            self.move(*self.saved)
        elif single == "D":
            self.line_feed()
        elif single == "M":
            if self.y == self.top:
                self.scroll(self.top, -1)
            else:
                self.move(self.y - 1, self.x)
        elif single == "c":
            self.reset()
        elif single not in "=>\\":
            self.unknown.append(f"ESC {single}")
