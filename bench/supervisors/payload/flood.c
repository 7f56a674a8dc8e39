/*
 * flood MARKER LINES LENGTH: writes numbered lines of LENGTH bytes to stdout, one write(2) each, and notes
 * "begin <monotonic ns>" and "done <monotonic ns>" in MARKER. Started again it only sleeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note(const char *marker, const char *word) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  char line[64];
  int length = snprintf(line, sizeof line, "%s %lld\n", word, now.tv_sec * 1000000000LL + now.tv_nsec);
  int fd = open(marker, O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (fd < 0 || write(fd, line, length) != length) exit(1);
  close(fd);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const char *marker = argv[1];
  long lines = atol(argv[2]);
  int size = atoi(argv[3]);
  char buffer[4096];
  if (size < 16 || size > (int)sizeof buffer) return 2;
  if (access(marker, F_OK) == 0) for (;;) pause();
  note(marker, "begin");
  memset(buffer, 'x', size);
  buffer[size - 1] = '\n';
  for (long number = 0; number < lines; number++) {
    char head[16];
    memcpy(buffer, head, snprintf(head, sizeof head, "SEQ%09ld ", number));
    for (int sent = 0; sent < size;) {
      ssize_t wrote = write(1, buffer + sent, size - sent);
      if (wrote >= 0) sent += wrote;
      else if (errno == EAGAIN) usleep(200);
      else if (errno != EINTR) return 1;
    }
  }
  note(marker, "done");
  for (;;) pause();
}
