/* A disk that forgets what was not flushed, for one process: loaded before the C library.
 *
 * Below $HUIYIN_FORGETFUL each file that is flushed (fsync, fdatasync) is copied into
 * $HUIYIN_REMEMBERED under the number of its inode, and of each folder that is flushed the names in
 * it are written down. What stands there is what a disk would have after a power cut: no write, no
 * new name and no rename that was not flushed. `test_power_cut.py` puts the folder together from it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void copy_file(const char *path, ino_t inode, const char *to)
{
	char target[4096], fresh[4200], block[65536];
	snprintf(target, sizeof target, "%s/%lu", to, (unsigned long)inode);
	snprintf(fresh, sizeof fresh, "%s.fresh", target);
	int in = open(path, O_RDONLY), out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t got;
	while ((got = read(in, block, sizeof block)) > 0)
		if (write(out, block, (size_t)got) != got)
			abort();
	close(in);
	close(out);
	rename(fresh, target);
}

static void note_names(const char *path, ino_t inode, const char *to)
{
	char target[4096], fresh[4200];
	snprintf(target, sizeof target, "%s/%lu.names", to, (unsigned long)inode);
	snprintf(fresh, sizeof fresh, "%s.fresh", target);
	FILE *out = fopen(fresh, "w");
	DIR *folder = opendir(path);
	struct dirent *entry;
	while ((entry = readdir(folder)))
		fprintf(out, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
	closedir(folder);
	fclose(out);
	rename(fresh, target);
}

static void remember(int descriptor)
{
	const char *from = getenv("HUIYIN_FORGETFUL"), *to = getenv("HUIYIN_REMEMBERED");
	char link[64], path[4096];
	struct stat found;
	if (!from || !to)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0 || fstat(descriptor, &found) != 0)
		return;
	path[length] = 0;
	if (strncmp(path, from, strlen(from)) != 0)
		return;
	pthread_mutex_lock(&lock);
	if (S_ISDIR(found.st_mode))
		note_names(path, found.st_ino, to);
	else
		copy_file(link, found.st_ino, to);
	pthread_mutex_unlock(&lock);
}

int fsync(int descriptor)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	int done = real(descriptor);
	if (done == 0)
		remember(descriptor);
	return done;
}

int fdatasync(int descriptor)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	int done = real(descriptor);
	if (done == 0)
		remember(descriptor);
	return done;
}
