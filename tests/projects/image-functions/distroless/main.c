/* The smallest function that needs nothing of its image: it answers each event with the event. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char body[65536], head[8192], id[64];

static int open_api(void)
{
    char host[64];
    int port;
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");

    if (!api || sscanf(api, "%63[^:]:%d", host, &port) != 2 || inet_aton(host, &address.sin_addr) == 0)
        exit(2);
    address.sin_port = htons(port);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
        exit(3);
    return connection;
}

/* Sends a request and reads the whole response; returns the length of its body. */
static int call(const char *method, const char *path, const char *sent, int length)
{
    int connection = open_api(), got, size = 0;
    FILE *stream = fdopen(connection, "r+");

    dprintf(connection, "%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: api\r\n"
            "Connection: close\r\nContent-Length: %d\r\n\r\n", method, path, length);
    write(connection, sent, length);
    while (fgets(head, sizeof head, stream) && strcmp(head, "\r\n") != 0) {
        if (strncasecmp(head, "Lambda-Runtime-Aws-Request-Id:", 30) == 0)
            sscanf(head + 30, " %63s", id);
        if (strncasecmp(head, "Content-Length:", 15) == 0)
            size = atoi(head + 15);
    }
    got = fread(body, 1, size, stream);
    fclose(stream);
    return got;
}

int main(void)
{
    char path[128];
    static char event[65536];

    puts("no shell here");
    fflush(stdout);
    for (;;) {
        int length = call("GET", "next", "", 0);
        memcpy(event, body, length);
        snprintf(path, sizeof path, "%s/response", id);
        call("POST", path, event, length);
    }
}
