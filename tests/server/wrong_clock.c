/* Gives one process another time of day: by the seconds that the file WRONG_CLOCK holds.
 *
 * Only the time of day is another. The clocks that count, and sleeps by them, are the machine's own,
 * as they are where somebody sets a machine's clock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long off_s(void)
{
	char text[32] = "";
	int file = open(getenv("WRONG_CLOCK"), O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	long length = read(file, text, sizeof text - 1);
	close(file);
	return length > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = syscall(SYS_clock_gettime, clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += off_s();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int result = syscall(SYS_gettimeofday, now, zone);
	if (result == 0)
		now->tv_sec += off_s();
	return result;
}

time_t time(time_t *now)
{
	struct timespec at;
	clock_gettime(CLOCK_REALTIME, &at);
	if (now)
		*now = at.tv_sec;
	return at.tv_sec;
}
