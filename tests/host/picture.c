/* SPDX-License-Identifier: MIT */
/*
 * tests/host/picture.c - drawing an address space: picture.h
 */
#include <ctype.h>
#include <string.h>

#include "picture.h"

static unsigned long prot_of(char c)
{
	switch (toupper(c)) {
	case 'N':
		return PROT_NONE;
	case 'R':
		return PROT_READ;
	case 'W':
	case 'S':
		return PROT_READ | PROT_WRITE;
	case 'X':
		return PROT_READ | PROT_EXEC;
	case 'A':
		return PROT_READ | PROT_WRITE | PROT_EXEC;
	}
	FAIL("'%c' is no mapping", c);
}

void picture_build(struct mm_struct *mm, const char *picture)
{
	size_t len = strlen(picture);

	for (size_t i = 0, n; i < len; i += n) {
		unsigned long type = toupper(picture[i]) == 'S' ? MAP_SHARED : MAP_PRIVATE;

		n = 1;
		if (picture[i] == '.')
			continue;
		while (i + n < len && islower(picture[i + n]))
			n++;
		ASSERT_EQ(vm_mmap(mm, &env_limits, NULL, PAGE_AT(i), n * PAGE_SIZE,
				  prot_of(picture[i]), type | MAP_ANONYMOUS | MAP_FIXED, 0),
			  PAGE_AT(i));
	}
	EXPECT_PICTURE(mm, picture);
}

static char letter_of(const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return 'S';
	if (vma->vm_flags & VM_EXEC)
		return vma->vm_flags & VM_WRITE ? 'A' : 'X';
	if (vma->vm_flags & VM_WRITE)
		return 'W';
	return vma->vm_flags & VM_READ ? 'R' : 'N';
}

const char *picture_of(struct mm_struct *mm)
{
	static char picture[PICTURE_PAGES + 1];
	size_t len = 0;

	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		for (vaddr_t a = vma->vm_start; a < vma->vm_end; a += PAGE_SIZE) {
			size_t i = (a - PICTURE_BASE) >> PAGE_SHIFT;

			if (a < PICTURE_BASE || i >= PICTURE_PAGES)
				continue;
			while (len < i)
				picture[len++] = '.';
			picture[len++] = a == vma->vm_start ? letter_of(vma)
							    : (char)tolower(letter_of(vma));
		}
	}
	picture[len] = 0;
	return picture;
}

void picture_check_pages(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	mm_check(mm);
	mmap_write_unlock(mm);
}
