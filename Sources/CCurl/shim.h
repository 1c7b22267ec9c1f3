#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, and Swift cannot call variadic functions. C promotes the third
// argument without a check, so there is one wrapper for each type that an option really takes: a `long` where curl
// reads a `curl_off_t` or a pointer would be undefined behaviour, and here it does not compile.

static inline CURLcode leeway_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode leeway_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

// curl copies the text, but for CURLOPT_POSTFIELDS: see leeway_curl_set_bytes.
static inline CURLcode leeway_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

// Borrowed by curl: the bytes must outlive the transfer.
static inline CURLcode leeway_curl_set_bytes(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

// Borrowed by curl: the list must outlive the transfer.
static inline CURLcode leeway_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}

// A context pointer and its callback go together, so that neither is ever set without the other.
static inline CURLcode leeway_curl_on_body(CURL *handle, curl_write_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
}

static inline CURLcode leeway_curl_on_header(CURL *handle, curl_write_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
}

static inline CURLcode leeway_curl_on_upload(CURL *handle, curl_read_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_READDATA, context);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_READFUNCTION, callback);
}

// The progress meter must be switched on for its callback to be called at all.
static inline CURLcode leeway_curl_on_progress(CURL *handle, curl_xferinfo_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callback);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

// curl writes up to CURL_ERROR_SIZE bytes here at any time in a transfer: the buffer must live as long as the handle.
static inline CURLcode leeway_curl_set_error_buffer(CURL *handle, char *buffer) {
  return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, buffer);
}

// Which option says this depends on the version of curl, and the older one is deprecated where the newer one exists.
static inline CURLcode leeway_curl_speak_http_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static inline CURLcode leeway_curl_speak_smtp_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
  return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
}

// The option's argument is a long, and the constant an enum.
static inline CURLcode leeway_curl_demand_tls(CURL *handle, int demand) {
  return curl_easy_setopt(handle, CURLOPT_USE_SSL, demand ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
}

// Requests are signed with AWS Signature Version 4, or not; a null turns it off, and with it what it said about the way to log in.
static inline CURLcode leeway_curl_sign_for_aws(CURL *handle, const char *provider, const char *keys) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_AWS_SIGV4, provider);
  if (code == CURLE_OK && provider == NULL) code = curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_USERPWD, keys);
}

// Name resolution runs on a thread of curl's own. When a time limit strikes, curl waits for that thread, which can
// take the resolver's half minute; with this option (7.87 and newer) it lets the thread end by itself.
static inline CURLcode leeway_curl_do_not_wait_for_resolver(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
  return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)handle;
  return CURLE_OK;
#endif
}

// -1 where curl cannot say, so that a caller never reads an unset variable.
static inline long leeway_curl_status(CURL *handle) {
  long status = -1;
  return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : -1;
}
