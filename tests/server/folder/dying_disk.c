/* A process that dies at the n-th of the calls that change its disk: loaded before the C library.
 *
 * `die_at(folder, n)` counts from then on, below that folder, each write, fsync, truncation, rename
 * and removal, and kills the process before the n-th is done; with `torn` the n-th write is half
 * done. With n = 0 it only counts; `changes_made()` says how many there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char below[PATH_MAX];
static size_t below_length;
static long last, is_torn;
static volatile long made;

void die_at(const char *folder, long n, long torn)
{
	snprintf(below, sizeof below, "%s/", folder);
	below_length = strlen(below);
	last = n;
	is_torn = torn;
	made = 0;
}

long changes_made(void)
{
	return made;
}

/* Return whether the call is the last that the process makes. */
static int counted(const char *path)
{
	if (!below_length || !path || strncmp(path, below, below_length) != 0)
		return 0;
	return __atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST) == last;
}

static int counted_file(int file)
{
	char link[64], path[PATH_MAX];
	if (!below_length)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	ssize_t length = readlink(link, path, sizeof path - 2);
	if (length < 0)
		return 0;
	/* A folder itself is flushed too: its name ends without the slash. */
	path[length] = '/';
	path[length + 1] = 0;
	return counted(path);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t size)
{
	if (counted_file(file)) {
		if (is_torn)
			REAL(write)(file, bytes, size / 2);
		die();
	}
	return REAL(write)(file, bytes, size);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t where)
{
	if (counted_file(file)) {
		if (is_torn)
			REAL(pwrite64)(file, bytes, size / 2, where);
		die();
	}
	return REAL(pwrite64)(file, bytes, size, where);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t where)
{
	return pwrite64(file, bytes, size, where);
}

#define OF_FILE(name, parameters, arguments)  \
	int name parameters                   \
	{                                     \
		if (counted_file(file))       \
			die();                \
		return REAL(name) arguments;  \
	}
#define OF_NAME(name, parameters, arguments)  \
	int name parameters                   \
	{                                     \
		if (counted(path))            \
			die();                \
		return REAL(name) arguments;  \
	}

OF_FILE(fsync, (int file), (file))
OF_FILE(fdatasync, (int file), (file))
OF_FILE(ftruncate, (int file, off_t size), (file, size))
OF_FILE(ftruncate64, (int file, off64_t size), (file, size))
OF_NAME(unlink, (const char *path), (path))
OF_NAME(rmdir, (const char *path), (path))
OF_NAME(mkdir, (const char *path, mode_t mode), (path, mode))
OF_NAME(rename, (const char *path, const char *to), (path, to))
