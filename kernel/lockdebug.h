/*
 * kernel/lockdebug.h - what the checkers of debug builds are told: locks (lockdebug.c), waiting (watchdog.c)
 */
#ifndef KERNEL_LOCKDEBUG_H
#define KERNEL_LOCKDEBUG_H

#include <kernel/spinlock.h>

struct task_struct;

#ifdef DEBUG
void note_wait(const char *what, const void *object);
void note_wait_lock(const char *what, const void *object, struct task_struct *const *owner,
		    spinlock_t *lock, bool (*is_free)(const void *object));
void note_wait_end(void);
void note_wait_init(struct task_struct *task); /* a new one waits for nothing */
void watchdog_init(void);
void watchdog_tick(u64 now, bool in_user); /* interrupts off, no run queue locked */
void watchdog_idle_end(void);
/* The run queue's lock is taken by one task and released by the next. */
void lockdebug_switch(struct task_struct *prev, struct task_struct *next, spinlock_t *lock);
void lockdebug_no_locks(const struct task_struct *t, const char *where);
#else
static inline void note_wait(const char *what, const void *object)
{
	(void)what;
	(void)object;
}
static inline void note_wait_lock(const char *what, const void *object,
				  struct task_struct *const *owner, spinlock_t *lock,
				  bool (*is_free)(const void *object))
{
	(void)what;
	(void)object;
	(void)owner;
	(void)lock;
	(void)is_free;
}
static inline void note_wait_end(void)
{
}
static inline void note_wait_init(struct task_struct *task)
{
	(void)task;
}
static inline void watchdog_init(void)
{
}
static inline void watchdog_tick(u64 now, bool in_user)
{
	(void)now;
	(void)in_user;
}
static inline void watchdog_idle_end(void)
{
}
static inline void lockdebug_switch(struct task_struct *prev, struct task_struct *next,
				    spinlock_t *lock)
{
	(void)prev;
	(void)next;
	(void)lock;
}
static inline void lockdebug_no_locks(const struct task_struct *t, const char *where)
{
	(void)t;
	(void)where;
}
#endif

#endif
