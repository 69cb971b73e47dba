/* Wrong tokens by address: each waits longer, only so many wait, memory is bounded. */
#include "server/http/logins.h"
#include "tests/check.h"

#include <arpa/inet.h>
#include <stdlib.h>

static http_address address(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return http_address_of((const struct sockaddr *)&v4);
    CHECK_EQUAL_INT(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return http_address_of((const struct sockaddr *)&v6);
}

static void each_waits_longer(void)
{
    static const int64_t WAITS[] = {100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000};
    http_logins *l = calloc(1, sizeof *l);
    CHECK_OR_RETURN(l != NULL);
    http_address a = address("10.0.0.1"), b = address("10.0.0.2");
    for (size_t i = 0; i < sizeof WAITS / sizeof *WAITS; i++)
        CHECK_EQUAL_INT(http_logins_note(l, &a, 1000), WAITS[i]);
    CHECK_EQUAL_INT(http_logins_note(l, &b, 1000), 100);
    CHECK_EQUAL_INT(http_logins_note(l, &a, 1000 + 599999), 8000);
    CHECK_EQUAL_INT(http_logins_note(l, &a, 1000 + 599999 + 600001), 100);
    free(l);
}

static void a_network_of_ipv6_is_one_address(void)
{
    http_logins *l = calloc(1, sizeof *l);
    CHECK_OR_RETURN(l != NULL);
    http_address a = address("2001:db8:1:2::1"), b = address("2001:db8:1:2:ffff::9"),
                 c = address("2001:db8:1:3::1"), four = address("1.2.3.4"),
                 same = address("::ffff:1.2.3.4"), other = address("1.2.3.5");
    CHECK_EQUAL_INT(http_logins_note(l, &a, 1000), 100);
    CHECK_EQUAL_INT(http_logins_note(l, &b, 1000), 200);
    CHECK_EQUAL_INT(http_logins_note(l, &c, 1000), 100);
    CHECK_EQUAL_INT(http_logins_note(l, &four, 1000), 100);
    CHECK_EQUAL_INT(http_logins_note(l, &same, 1000), 200);
    CHECK_EQUAL_INT(http_logins_note(l, &other, 1000), 100);
    free(l);
}

static void only_so_many_wait(void)
{
    http_logins *l = calloc(1, sizeof *l);
    CHECK_OR_RETURN(l != NULL);
    http_address a = address("10.0.0.1"), b = address("10.0.0.2");
    for (int i = 0; i < HTTP_LOGINS_WAITING_LIMIT; i++) {
        CHECK(!http_logins_is_full(l, &a));
        (void)http_logins_note(l, &a, 1000);
    }
    CHECK(http_logins_is_full(l, &a));
    CHECK(!http_logins_is_full(l, &b));
    http_logins_answer(l, &a);
    CHECK(!http_logins_is_full(l, &a));
    http_logins_answer(l, &b);
    free(l);
}

/* The quietest goes; one that is new begins anew. */
static void memory_is_bounded(void)
{
    http_logins *l = calloc(1, sizeof *l);
    CHECK_OR_RETURN(l != NULL);
    for (int i = 0; i < 3 * HTTP_LOGINS_ADDRESSES; i++) {
        char text[32];
        snprintf(text, sizeof text, "10.1.%d.%d", i / 256, i % 256);
        http_address a = address(text);
        CHECK_EQUAL_INT(http_logins_note(l, &a, 1000 + i), 100);
    }
    http_address recent = address("10.1.2.255"), old = address("10.1.0.0");
    CHECK_EQUAL_INT(http_logins_note(l, &recent, 9000), 200);
    CHECK_EQUAL_INT(http_logins_note(l, &old, 9000), 100);
    free(l);
}

CHECK_MAIN("http_logins", each_waits_longer, a_network_of_ipv6_is_one_address, only_so_many_wait,
           memory_is_bounded)
