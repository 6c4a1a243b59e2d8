/*
 * kernel/random.c - unpredictable numbers by ChaCha20
 *
 * One 256-bit key.  Each request runs ChaCha20 over a counter; the first half of the first block replaces the key
 * before any output leaves ("fast key erasure"), so that a later look at the memory tells nothing about numbers
 * given out before.  The key starts from RDRAND where the CPU has it, and from the time stamp counter and the
 * clock, which is all an emulator without RDRAND has to offer; what programs write to /dev/urandom is stirred in.
 *
 * It serves stack canaries, address space randomisation and getrandom(2).  It is no reviewed source of keys.
 *
 * Locking: random_lock, irq-safe, rank LOCK_RANDOM: numbers are wanted in any context, and little is done under it.
 *
 * Sources: RFC 8439, "The ChaCha20 Block Function"; Bernstein, "Fast-key-erasure random-number generators" (2017);
 * Intel SDM 2B, "RDRAND".
 */
#include <arch/cpu.h>
#include <arch/uaccess.h>
#include <kernel/init.h>
#include <kernel/random.h>
#include <kernel/spinlock.h>
#include <lib/string.h>

#define CHACHA_WORDS 16
#define CHACHA_BYTES (CHACHA_WORDS * 4)
#define KEY_WORDS    8

static DEFINE_SPINLOCK(random_lock, LOCK_RANDOM);
static u32 key[KEY_WORDS];
static u64 counter;

static inline u32 rotl(u32 x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static inline void quarter_round(u32 *x, unsigned int a, unsigned int b, unsigned int c,
				 unsigned int d)
{
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 7);
}

/* One block for the key and the counter.  Lock held. */
static void chacha_block(u32 out[CHACHA_WORDS])
{
	u32 in[CHACHA_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(in + 4, key, sizeof(key));
	in[12] = (u32)counter;
	in[13] = (u32)(counter >> 32);
	counter++;
	memcpy(out, in, sizeof(in));
	for (unsigned int round = 0; round < 10; round++) {
		quarter_round(out, 0, 4, 8, 12);
		quarter_round(out, 1, 5, 9, 13);
		quarter_round(out, 2, 6, 10, 14);
		quarter_round(out, 3, 7, 11, 15);
		quarter_round(out, 0, 5, 10, 15);
		quarter_round(out, 1, 6, 11, 12);
		quarter_round(out, 2, 7, 8, 13);
		quarter_round(out, 3, 4, 9, 14);
	}
	for (unsigned int i = 0; i < CHACHA_WORDS; i++)
		out[i] += in[i];
}

/**
 * get_random_bytes - fill @buf with @len unpredictable bytes
 *
 * Context: any.
 */
void get_random_bytes(void *buf, size_t len)
{
	u32 block[CHACHA_WORDS];
	unsigned long flags;
	u8 *to = buf;

	spin_lock_irqsave(&random_lock, flags);
	chacha_block(block);
	memcpy(key, block, sizeof(key));
	if (len <= sizeof(block) - sizeof(key)) {
		memcpy(to, block + KEY_WORDS, len);
		len = 0;
	}
	while (len) {
		size_t n = min(len, (size_t)CHACHA_BYTES);

		chacha_block(block);
		memcpy(to, block, n);
		to += n;
		len -= n;
	}
	memset(block, 0, sizeof(block));
	spin_unlock_irqrestore(&random_lock, flags);
}

unsigned long get_random_long(void)
{
	unsigned long v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

ssize_t get_random_bytes_user(void *ubuf, size_t len)
{
	u8 chunk[256];
	size_t done = 0;

	while (done < len) {
		size_t n = min(len - done, sizeof(chunk)), left;

		get_random_bytes(chunk, n);
		left = copy_to_user((u8 *)ubuf + done, chunk, n);
		done += n - left;
		if (left)
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return done || !len ? (ssize_t)done : -EFAULT;
}

void add_random_bytes(const void *buf, size_t len)
{
	const u8 *from = buf;
	unsigned long flags;
	u32 block[CHACHA_WORDS];

	spin_lock_irqsave(&random_lock, flags);
	while (len) {
		size_t n = min(len, sizeof(key));

		for (size_t i = 0; i < n; i++)
			((u8 *)key)[i] ^= from[i];
		chacha_block(block);
		memcpy(key, block, sizeof(key));
		from += n;
		len -= n;
	}
	spin_unlock_irqrestore(&random_lock, flags);
}

static bool rdrand(u64 *v)
{
	u8 ok;

	__asm__ volatile("rdrand %0; setc %1" : "=r"(*v), "=q"(ok) : : "cc");
	return ok;
}

void random_init(void)
{
	u64 seed[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(seed); i++)
		if (!cpu_has(X86_FEATURE_RDRAND) || !rdrand(&seed[i]))
			seed[i] = rdtsc() * 0x9e3779b97f4a7c15ul;
	add_random_bytes(seed, sizeof(seed));
	seed[0] = rdtsc();
	seed[1] = boot_info.entry_tsc;
	add_random_bytes(seed, sizeof(seed));
}
