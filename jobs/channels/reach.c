/* SPDX-License-Identifier: MIT */
#include "channels/reach.h"

#include <stdio.h>
#include <string.h>

#include "delivery/http_handle.h"
#include "delivery/response.h"
#include "run/stop.h"

static int look_up(void *unused, curl_off_t total, curl_off_t now, curl_off_t up_total,
                   curl_off_t up)
{
    (void)unused;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return stop_asked();
}

static bool is_secure(CURL *easy)
{
    long checked = -1;
    struct curl_tlssessioninfo *session = NULL;
    return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session != NULL &&
           session->internals != NULL &&
           curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &checked) == CURLE_OK && checked == 0;
}

bool reach_server(const struct transfer_channel *channel, const struct config_patience *patience,
                  char text[TRANSFER_TEXT])
{
    struct http_handle handle = {0};
    struct transfer_reply reply;
    snprintf(text, TRANSFER_TEXT, "out of memory");
    if (!http_handle_open(&handle, patience))
        return false;
    CURL *easy = handle.call.easy;
    bool ready = channel->setup(channel->context, easy) &&
                 curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                 curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_up) == CURLE_OK;
    CURLcode code = ready ? curl_easy_perform(easy) : CURLE_OUT_OF_MEMORY;
    if (ready) {
        http_handle_reply(&handle, code, stop_asked(), &reply);
        const char *said = code != CURLE_OK && reply.last_line[0] == '\0' ? reply.error
                           : reply.last_line[0] != '\0'                   ? reply.last_line
                           : is_secure(easy) ? "connected, the certificate is good"
                                             : "connected";
        response_escape(text, TRANSFER_TEXT, said, strlen(said), reply.hide);
    }
    http_handle_close(&handle);
    return ready && code == CURLE_OK;
}
