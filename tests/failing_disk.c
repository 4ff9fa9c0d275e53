/* A disk that fails at its n-th call, for one process: loaded before the C library.
 *
 * Counts what is asked of files in one folder: write, flush, cut, create, rename, remove. It does so
 * once `disk_arm` was called; at the n-th the process dies, before it or, where it is a write, with
 * half of it done (`TORN`), or the call fails, as `mode` says. `tests/sync/every_call` lets a round
 * be made once for every n, `tests/server/folder/test_upgrades.py` an upgrade.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { COUNT, DEATH, IO_ERROR, FULL, SHORT, TORN };
enum kind { WRITE, GROW, FLUSH, NAME };

static char folder[PATH_MAX];
static size_t folder_length;
static volatile long calls, struck;
static long at;
static enum mode mode;

void disk_arm(const char *below, long n, int how)
{
	calls = struck = 0;
	at = n;
	mode = how;
	snprintf(folder, sizeof folder, "%s", below);
	folder_length = strlen(below);
}

void disk_disarm(void) { folder_length = 0; }
long disk_calls(void) { return calls; }
long disk_struck(void) { return struck; }

static int is_below(const char *path)
{
	if (!folder_length || !path || strncmp(path, folder, folder_length) != 0)
		return 0;
	return path[folder_length] == '/' || !path[folder_length];
}

static int is_of(int descriptor)
{
	char link[64], path[PATH_MAX];
	if (!folder_length)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return 0;
	path[length] = 0;
	return is_below(path);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Returns 0 where the call is to be made, -1 with errno where it fails, 1 where it is cut short. */
static int counted(enum kind kind)
{
	long n = __sync_add_and_fetch(&calls, 1);
	int is_now = at && n == at;
	if (is_now && (mode == DEATH || (mode == TORN && kind != WRITE)))
		die();
	if (mode == IO_ERROR && is_now) {
		struck = 1;
		errno = EIO;
		return -1;
	}
	if (mode == FULL && at && n >= at && (kind == WRITE || kind == GROW)) {
		struck = 1;
		errno = ENOSPC;
		return -1;
	}
	if ((mode == SHORT || mode == TORN) && is_now && kind == WRITE) {
		struck = 1;
		return 1;
	}
	return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ASK(condition, kind) \
	int what = (condition) ? counted(kind) : 0; \
	if (what < 0) \
		return -1
/* Half of what is to be written, and one byte at least. */
#define SIZE(size) (what && (size) > 1 ? (size) / 2 : (size))

static ssize_t written(int what, ssize_t size)
{
	if (what && mode == TORN)
		die();
	return size;
}

ssize_t write(int file, const void *bytes, size_t size)
{
	ASK(is_of(file), WRITE);
	return written(what, REAL(write)(file, bytes, SIZE(size)));
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset)
{
	ASK(is_of(file), WRITE);
	return written(what, REAL(pwrite)(file, bytes, SIZE(size), offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset)
{
	ASK(is_of(file), WRITE);
	return written(what, REAL(pwrite64)(file, bytes, SIZE(size), offset));
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
	ASK(is_of(file), WRITE);
	return written(what, REAL(writev)(file, parts, SIZE(count)));
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset)
{
	ASK(is_of(file), WRITE);
	return written(what, REAL(pwritev)(file, parts, SIZE(count), offset));
}

ssize_t sendfile(int out, int in, off_t *offset, size_t size)
{
	ASK(is_of(out), WRITE);
	return written(what, REAL(sendfile)(out, in, offset, SIZE(size)));
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t size)
{
	ASK(is_of(out), WRITE);
	return written(what, REAL(sendfile64)(out, in, offset, SIZE(size)));
}

int fsync(int file)
{
	ASK(is_of(file), FLUSH);
	return REAL(fsync)(file);
}

int fdatasync(int file)
{
	ASK(is_of(file), FLUSH);
	return REAL(fdatasync)(file);
}

int ftruncate(int file, off_t size)
{
	ASK(is_of(file), GROW);
	return REAL(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size)
{
	ASK(is_of(file), GROW);
	return REAL(ftruncate64)(file, size);
}

int rename(const char *from, const char *to)
{
	ASK(is_below(to), NAME);
	return REAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	ASK(is_below(to), NAME);
	return REAL(renameat)(from_folder, from, to_folder, to);
}

int unlink(const char *path)
{
	ASK(is_below(path), NAME);
	return REAL(unlink)(path);
}

int unlinkat(int at_folder, const char *path, int flags)
{
	ASK(is_below(path) || is_of(at_folder), NAME);
	return REAL(unlinkat)(at_folder, path, flags);
}

int rmdir(const char *path)
{
	ASK(is_below(path), NAME);
	return REAL(rmdir)(path);
}

int mkdir(const char *path, mode_t rights)
{
	ASK(is_below(path), GROW);
	return REAL(mkdir)(path, rights);
}

int link(const char *from, const char *to)
{
	ASK(is_below(to), NAME);
	return REAL(link)(from, to);
}

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list rest; \
		va_start(rest, flags); \
		mode_t rights = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
		va_end(rest); \
		ASK((flags & O_CREAT) && is_below(path), GROW); \
		return REAL(name)(path, flags, rights); \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
	int name(int at_folder, const char *path, int flags, ...) \
	{ \
		va_list rest; \
		va_start(rest, flags); \
		mode_t rights = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
		va_end(rest); \
		ASK((flags & O_CREAT) && is_below(path), GROW); \
		return REAL(name)(at_folder, path, flags, rights); \
	}
OPENAT(openat)
OPENAT(openat64)
