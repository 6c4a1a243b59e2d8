#!/bin/sh
# libc/test/run.sh FOLDER - the library's tests, built in FOLDER, run on this machine's kernel
#
# FOLDER/NAME are tests that judge themselves; FOLDER/compare/NAME-ours and NAME-host are one program
# built with two libraries, which must print the same.

folder=$1
passed=0
failed=0

verdict() {
	if [ "$1" -eq 0 ]; then
		echo "ok libc/$2"
		passed=$((passed + 1))
	else
		echo "not ok libc/$2"
		failed=$((failed + 1))
	fi
}

for ours in "$folder"/compare/*-ours; do
	name=${ours%-ours}
	"$ours" > "$name.ours.txt"
	"$name-host" > "$name.host.txt"
	cmp "$name.ours.txt" "$name.host.txt" && [ -s "$name.ours.txt" ]
	verdict $? "compare/$(basename "$name")"
done
for test in "$folder"/*; do
	[ -f "$test" ] || continue
	"$test" > "$test.out" 2>&1 || { cat "$test.out"; false; }
	verdict $? "$(basename "$test")"
	rm -f "$test.out"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
