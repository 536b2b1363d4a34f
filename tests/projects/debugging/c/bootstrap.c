/* A runtime and its function in one program, without a library. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[65536];

/* Send a request to the Runtime API, and return the answer to it. */
static char *call(const char *request) {
  char host[64];
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  const char *colon = strchr(api, ':');
  snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &address.sin_addr);
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
    exit(1);
  write(connection, request, strlen(request));
  size_t length = 0;
  ssize_t count;
  while ((count = read(connection, answer + length, sizeof answer - 1 - length)) > 0)
    length += count;
  answer[length] = 0;
  close(connection);
  return answer;
}

static int handle(int given) {
  int stars = given;
  printf("rated\n");
  return stars;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (;;) {
    char id[64], body[64], request[512];
    char *next = call("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n");
    sscanf(strcasestr(next, "lambda-runtime-aws-request-id:") + 30, " %63s", id);
    int stars = handle(atoi(strstr(next, "\"stars\":") + 8));
    int length = snprintf(body, sizeof body, "{\"stars\": %d}", stars);
    snprintf(request, sizeof request,
             "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: api\r\nConnection: close\r\n"
             "Content-Length: %d\r\n\r\n%s", id, length, body);
    call(request);
  }
}
