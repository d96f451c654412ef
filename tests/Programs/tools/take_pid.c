/*
 * Not a job: occupies a PID, as an unrelated process would that came before the restore.
 *   take_pid PID             prints "ready" when a process of that PID exists, and keeps it until killed
 *   take_pid PID session     as a session only, whose leader has ended
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    int is_session = argc > 2;
    pid_t wanted = atoi(argv[1]);
    struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)&wanted, .set_tid_size = 1};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) {
        prctl(PR_SET_NAME, "squatter");
        if (!is_session)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        else if (setsid() < 0 || fork() > 0)
            _exit(0);
        for (;;)
            pause();
    }
    if (child != wanted) {
        fprintf(stderr, "clone3 with PID %d: %s\n", wanted, strerror(errno));
        return 1;
    }
    if (is_session)
        waitpid(wanted, NULL, 0);
    printf("ready\n");
    fflush(stdout);
    if (is_session)
        pause();
    waitpid(wanted, NULL, 0);
    return 0;
}
