/*
 * Two children that are dead but not reaped: exit code and killing signal are there afterwards.
 * @tree
 */
#include "program.h"

int main(int argc, char **argv)
{
    begin(argc, argv);
    pid_t exited = must(fork());
    if (exited == 0)
        _exit(42);
    pid_t killed = must(fork());
    if (killed == 0)
        for (;;)
            pause();
    must(kill(killed, SIGKILL));
    siginfo_t info;
    must(waitid(P_PID, (id_t)exited, &info, WEXITED | WNOWAIT));
    must(waitid(P_PID, (id_t)killed, &info, WEXITED | WNOWAIT));
    ready_and_wait();
    int status = 0;
    require(waitpid(exited, &status, 0) == exited && WIFEXITED(status) && WEXITSTATUS(status) == 42, "exit status %x", status);
    require(waitpid(killed, &status, 0) == killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "kill status %x", status);
    require(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD, "another child appeared");
    return pass();
}
