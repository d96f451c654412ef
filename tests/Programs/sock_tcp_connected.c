/*
 * A listening socket and both ends of a TCP connection.
 * @refused TCP connection
 */
#include "program.h"
#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    begin(argc, argv);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = must(socket(AF_INET, SOCK_STREAM, 0)), client = must(socket(AF_INET, SOCK_STREAM, 0));
    must(bind(listener, (struct sockaddr *)&address, length));
    must(getsockname(listener, (struct sockaddr *)&address, &length));
    must(listen(listener, 4));
    must(connect(client, (struct sockaddr *)&address, length));
    int server = must(accept(listener, NULL, NULL));
    ready_and_wait();
    char byte = 0;
    must(write(client, "x", 1));
    require(read(server, &byte, 1) == 1 && byte == 'x', "the connection broke");
    return pass();
}
