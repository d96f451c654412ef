/*
 * LAB_ASK SOCKET METHOD PATH [BODY]: one request to the service over its unix socket. Prints the body of the answer, and fails unless it is a good one. The command line would do
 * the same, but the start of a .NET program takes seconds in an emulated machine.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char answer[1 << 20];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc < 4 || strlen(argv[1]) >= sizeof address.sun_path)
        return 2;
    strcpy(address.sun_path, argv[1]);
    int service = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (service < 0 || connect(service, (struct sockaddr *)&address, sizeof address) != 0) {
        perror(argv[1]);
        return 1;
    }
    const char *body = argc > 4 ? argv[4] : "";
    if (dprintf(service, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", argv[2], argv[3], strlen(body), body) < 0)
        return 1;
    size_t length = 0;
    ssize_t got;
    while (length < sizeof answer - 1 && (got = read(service, answer + length, sizeof answer - 1 - length)) > 0)
        length += (size_t)got;
    const char *text = strstr(answer, "\r\n\r\n");
    puts(text != NULL ? text + 4 : answer);
    return strncmp(answer, "HTTP/1.1 2", 10) == 0 ? 0 : 1;
}
