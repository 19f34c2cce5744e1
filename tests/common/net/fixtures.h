/* Certificates that common/crypto does not make: self-signed or, from ROOT on, a small tree; all
 * valid 2020 to 2120.
 *
 * Made once with openssl (req -new, then ca -startdate 20200101000000Z -enddate 21200101000000Z);
 * the keys protect nothing.
 */
#ifndef DCEP_TESTS_COMMON_NET_FIXTURES_H
#define DCEP_TESTS_COMMON_NET_FIXTURES_H

struct fixture {
    const char *certificate_pem, *key_pem;
};

/* *.dcep */
static const struct fixture FIXTURE_WILDCARD = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBaDCCAQ6gAwIBAgIUQd5KUjHIiSzg9Jq/npJuFqZ0hXQwCgYIKoZIzj0EAwIw\n"
                       "ETEPMA0GA1UEAwwGKi5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAw\n"
                       "MDAwWjARMQ8wDQYDVQQDDAYqLmRjZXAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                       "AAQZrCHhpqlkanRveZEJb/Pb0VSgKOBa7zB9szY1CB5J7e0tzE0u0fTjAnkrEq2z\n"
                       "bqTj7DCsUOTbt/qlqLfhmpl7o0IwQDAMBgNVHRMBAf8EAjAAMBEGA1UdEQQKMAiC\n"
                       "BiouZGNlcDAdBgNVHQ4EFgQUJqoXj4uTGXPtZ0tPudtFLyDvFTIwCgYIKoZIzj0E\n"
                       "AwIDSAAwRQIgPj8pzwHLVf9GpvcsRhh6PkZcgBXFBdrEmzQbf449DhUCIQC6S8fW\n"
                       "OP73LFlNbGVzjsL7wgCxu1ugIIJ39BCd+nnjbw==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8dh/ACJ9QCgX2AbG\n"
               "9WgaXHn+iozlWjk2XoqOHR3NCNChRANCAAQZrCHhpqlkanRveZEJb/Pb0VSgKOBa\n"
               "7zB9szY1CB5J7e0tzE0u0fTjAnkrEq2zbqTj7DCsUOTbt/qlqLfhmpl7\n"
               "-----END PRIVATE KEY-----\n",
};

/* subjectAltName IP:127.0.0.1 */
static const struct fixture FIXTURE_ADDRESS = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBbDCCARKgAwIBAgIUQRCe7UE09reF6oX2KCWJ+pZsvm4wCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO\n"
                       "PQMBBwNCAARQpbqJ+YAYl/ThWItz0r3EC7yeBOH6Vt2zDkL8KHuuILvn7CdXWLAi\n"
                       "/z7sdqxRNc67qukaJsJKP7KuIoF98dMwo0AwPjAMBgNVHRMBAf8EAjAAMA8GA1Ud\n"
                       "EQQIMAaHBH8AAAEwHQYDVR0OBBYEFF3lNyQQHDntcRYOUefLnkSD0+20MAoGCCqG\n"
                       "SM49BAMCA0gAMEUCIG4oT9bM4fysurXNnQR+QxP+ffIx2XM8E3RinWti2Aj8AiEA\n"
                       "4OcelO1iRmWbnmQKnpctq3eniefQALG9ZY19U4HU/3g=\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXrHcK0tlEb8IQ0Lm\n"
               "xaqKz1jivq9h+CVx7tLFDKeUFB2hRANCAARQpbqJ+YAYl/ThWItz0r3EC7yeBOH6\n"
               "Vt2zDkL8KHuuILvn7CdXWLAi/z7sdqxRNc67qukaJsJKP7KuIoF98dMw\n"
               "-----END PRIVATE KEY-----\n",
};

/* CN=central.dcep, but subjectAltName other.dcep */
static const struct fixture FIXTURE_COMMON_NAME = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBdzCCAR6gAwIBAgIUVksboSB8c++Cqw5dYIIgDJtpBOkwCgYIKoZIzj0EAwIw\n"
                       "FzEVMBMGA1UEAwwMY2VudHJhbC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw\n"
                       "MTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxjZW50cmFsLmRjZXAwWTATBgcqhkjOPQIB\n"
                       "BggqhkjOPQMBBwNCAAQ3GVVJ3P04UA5FO4SR08yk3ZMrXyWGwQAaYU6JWbqh/kF3\n"
                       "wNu4LesOUuaO8vn4LX51rdXIAGFxj2Y+XXU5fOydo0YwRDAMBgNVHRMBAf8EAjAA\n"
                       "MBUGA1UdEQQOMAyCCm90aGVyLmRjZXAwHQYDVR0OBBYEFNMGfUTECAK0XPK95x/q\n"
                       "IqfXwvGjMAoGCCqGSM49BAMCA0cAMEQCIBPD8qppgCAyOowQ3dhTSH6k05U7RWdN\n"
                       "2nSkGMz4Jfs7AiB9y5bs8e9XDsBfzEOpiU1WNntNNQdBwjX7Q6qYyqfJCA==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEpA2CFzzkTYZMMPt\n"
               "mCUIrLngIxSWQNV4byFfzPRKRzqhRANCAAQ3GVVJ3P04UA5FO4SR08yk3ZMrXyWG\n"
               "wQAaYU6JWbqh/kF3wNu4LesOUuaO8vn4LX51rdXIAGFxj2Y+XXU5fOyd\n"
               "-----END PRIVATE KEY-----\n",
};

/* extendedKeyUsage clientAuth only */
static const struct fixture FIXTURE_CLIENT_ONLY = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBjzCCATWgAwIBAgIUPWR5U4XcAxylwtE9I9NYdmMEMx4wCgYIKoZIzj0EAwIw\n"
                       "FzEVMBMGA1UEAwwMY2VudHJhbC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw\n"
                       "MTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxjZW50cmFsLmRjZXAwWTATBgcqhkjOPQIB\n"
                       "BggqhkjOPQMBBwNCAAQV1vXMUzdAVIbPZgkMqwcP9xrWv3MNeo5jrgFK7b6Z1Zje\n"
                       "GdtEsLIjcEDx+/E+2KKBgr+k+fO0h62mZeoLRqVgo10wWzAMBgNVHRMBAf8EAjAA\n"
                       "MBcGA1UdEQQQMA6CDGNlbnRyYWwuZGNlcDATBgNVHSUEDDAKBggrBgEFBQcDAjAd\n"
                       "BgNVHQ4EFgQUkU2ERY60hilQwlKwgwyqr9zDI7cwCgYIKoZIzj0EAwIDSAAwRQIh\n"
                       "AMgig0A6f7e84L2dgQ7ryzEWT0wGlny7RejyODdMYcscAiAzIj8ShnemvF8Qfn8u\n"
                       "7aWeDz9KW9kGsqZ1OTYZ3kJV8A==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg86Ve3IM7It7CuNID\n"
               "k0nhQubgvc7gehziduYQjp4ZevqhRANCAAQV1vXMUzdAVIbPZgkMqwcP9xrWv3MN\n"
               "eo5jrgFK7b6Z1ZjeGdtEsLIjcEDx+/E+2KKBgr+k+fO0h62mZeoLRqVg\n"
               "-----END PRIVATE KEY-----\n",
};

/* RSA with 1024 bits */
static const struct fixture FIXTURE_RSA_1024 = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIICATCCAWqgAwIBAgIUQ8pIOkMJ24IX8rjlOHqpKsJI2W4wDQYJKoZIhvcNAQEL\n"
                       "BQAwFzEVMBMGA1UEAwwMY2VudHJhbC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIx\n"
                       "MjAwMTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxjZW50cmFsLmRjZXAwgZ8wDQYJKoZI\n"
                       "hvcNAQEBBQADgY0AMIGJAoGBAO7CE2AikdlxcvplRw0jNUyLehXLKR15thbIYmMS\n"
                       "qw1rk46K2yeHNd/8tdkHbKGCLfjsyC3yj2IUCx9d5AkVQ/FyEiSXi7YM2pji/79L\n"
                       "2r1oaBZGBMTZcLU1tD5MfIwSbS+nV08+jXVNcKwQ7pbZ54i0TQT8zDDON3nujzWM\n"
                       "jeRpAgMBAAGjSDBGMAwGA1UdEwEB/wQCMAAwFwYDVR0RBBAwDoIMY2VudHJhbC5k\n"
                       "Y2VwMB0GA1UdDgQWBBSPYinLOWla1RKmfFWpeiJZQh5CfTANBgkqhkiG9w0BAQsF\n"
                       "AAOBgQAHxBWRDTp+plvSEDBGPLIln60F3RNvyzEi0sh2wfhvMVHS6CAoz+eo9p3h\n"
                       "Z8vtE7bffpPpmJ61Ya9YydphbSWsUrCCq74zhSOO150UplbNnOLCMChYs/2VwuFP\n"
                       "aJx/N+yZeHfTTs+kKYlDtSGSQo5Pr3eR5ULKEa0CodthzUDOqg==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAO7CE2Aikdlxcvpl\n"
               "Rw0jNUyLehXLKR15thbIYmMSqw1rk46K2yeHNd/8tdkHbKGCLfjsyC3yj2IUCx9d\n"
               "5AkVQ/FyEiSXi7YM2pji/79L2r1oaBZGBMTZcLU1tD5MfIwSbS+nV08+jXVNcKwQ\n"
               "7pbZ54i0TQT8zDDON3nujzWMjeRpAgMBAAECgYEA7djqwl9N2kcZWnZgFKdZZlqg\n"
               "EWvlFpb0Hbgbw0SKoIDlax/K+JLKycsPQRgTUMXFlHAVbyhvTC5ZcjLvg1jq54S0\n"
               "LMykNJYD72xeIqHHHHc2BswT16DxRpH+Y2W0bzlLRQbKtAXqD24/lL5br18cOmTH\n"
               "sY1hZ5qWUVaNEIYARE0CQQD6aG9HMUXB0LGuFPkLpxOupD0F0sQwxT0wGtOPd+W1\n"
               "DmRcrFuDlVVeHZ9bMQdOYCdVg+UlmjjPLoTFz8vVsbnHAkEA9BcKJw5D+bZHbjTw\n"
               "Y0YIWXq0GPQx1bdhGAdiTrmKYWw+DTp2gIw3ohDkXpBW1JHTBlL+m8w9EDjAuOAy\n"
               "hx3wTwJBANi0QHkP/xp4DQxmQhD/ilz87YJ4oCjEyOs0jBoA3N4PknNRBfGd7r8A\n"
               "S8STbYs6U1ACUPB1wuwpieXWqsRIhkkCQCxwtWx+8Glago7SHKI2cfa4nGmerCQZ\n"
               "Cxhw37ktlsA+EN4fssucu9RJ9wowhV6WXjFckvaSrNtzOcNvLkPjc4kCQA5Wpm2S\n"
               "CvWc8jACR3/AHcBtFYz8yCBmuVc+RX2QkrpXdSZIWdSu2X6VSyeRuLvE/AcsunZA\n"
               "9eveWQGxo294LLg=\n"
               "-----END PRIVATE KEY-----\n",
};

/* signed with ecdsa-with-SHA1 */
static const struct fixture FIXTURE_SHA1 = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBeDCCAR+gAwIBAgIUWc57F2fIdeAHI4H05RVsGZp1vUMwCQYHKoZIzj0EATAX\n"
                       "MRUwEwYDVQQDDAxjZW50cmFsLmRjZXAwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAx\n"
                       "MDEwMDAwMDBaMBcxFTATBgNVBAMMDGNlbnRyYWwuZGNlcDBZMBMGByqGSM49AgEG\n"
                       "CCqGSM49AwEHA0IABDPqtxSxknCUdX8cP6Fo0L+RjwjTKhfLAwCYqqmUG/hMHQ8s\n"
                       "kb+oLE/kifXTqf3V67E8iRkNnNA/s9aXP8gbriejSDBGMAwGA1UdEwEB/wQCMAAw\n"
                       "FwYDVR0RBBAwDoIMY2VudHJhbC5kY2VwMB0GA1UdDgQWBBQ6jvlgFd90EN8p0Myt\n"
                       "7P2PAUrZgDAJBgcqhkjOPQQBA0gAMEUCIG7t1Z/+JQndxt3inpGQKjfvEMz1tK0G\n"
                       "kE54G/TcZTxGAiEAyipxuHOpDtLFvs++JNFTSxVWYfKyJi8h/ggoNQzN70U=\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcx5kReK45HYyQrby\n"
               "gSs0sfxKKLBBJdsLc8yYvGNlh6mhRANCAAQz6rcUsZJwlHV/HD+haNC/kY8I0yoX\n"
               "ywMAmKqplBv4TB0PLJG/qCxP5In106n91euxPIkZDZzQP7PWlz/IG64n\n"
               "-----END PRIVATE KEY-----\n",
};

/* an authority */
static const struct fixture FIXTURE_ROOT = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBbjCCARSgAwIBAgIUNu1JjL79kC+O8Uaj0QsHQyY09VowCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJcm9vdC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAUMRIwEAYDVQQDDAlyb290LmRjZXAwWTATBgcqhkjOPQIBBggqhkjO\n"
                       "PQMBBwNCAAQDrCbsU6dGenpwXRJM32a7Lt7GUaH/6xAo4Z3X6RGTYLitbTVLS153\n"
                       "wz8SULfJXMXrGjIA66XW5fN8EmRJ0yZ7o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4G\n"
                       "A1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUG1uXv5llR3Quzm1pkyDSK1l1eV4wCgYI\n"
                       "KoZIzj0EAwIDSAAwRQIhANy0fz4QUe3HDManDdYopWFAedsZmtp2UlmCxLnfmMgC\n"
                       "AiBiNsMSpJjRq4xfuwDYz2+e/BT5Liz7gNzL8VgHbEsdlg==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1Lb9VLTg3Lqa1CEf\n"
               "D9hOli9TeN8Rzp+IGMAr5nYbmTehRANCAAQDrCbsU6dGenpwXRJM32a7Lt7GUaH/\n"
               "6xAo4Z3X6RGTYLitbTVLS153wz8SULfJXMXrGjIA66XW5fN8EmRJ0yZ7\n"
               "-----END PRIVATE KEY-----\n",
};

/* an authority issued by root */
static const struct fixture FIXTURE_BELOW = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBkTCCATagAwIBAgIUJxS8lGvAd0ysyn2vjpeXY9bByt8wCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJcm9vdC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAVMRMwEQYDVQQDDApiZWxvdy5kY2VwMFkwEwYHKoZIzj0CAQYIKoZI\n"
                       "zj0DAQcDQgAEjmP9IuXwBdPsiQwbz+31l7O06fvPjczhmB0gAQE5cG8Rwlpx+EtG\n"
                       "iF7Q8SqtHAGeEYAGn3cMIaHF71izCEsuFqNjMGEwDwYDVR0TAQH/BAUwAwEB/zAO\n"
                       "BgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFCiRGIOxWUOFuL+dHrATobMDtDztMB8G\n"
                       "A1UdIwQYMBaAFBtbl7+ZZUd0Ls5taZMg0itZdXleMAoGCCqGSM49BAMCA0kAMEYC\n"
                       "IQDXmUJUZqbDK0GiBl2kfRmRU8knol7J1vZwSqKFW2H3bwIhAKXxWhVS54bfl2OZ\n"
                       "1gzjhP89iVtFta5HoZE4pPWNmrmw\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvZrIuli5pkCRZsMp\n"
               "OMuxDdXXUc/K/2/DIDOUh0RUBBShRANCAASOY/0i5fAF0+yJDBvP7fWXs7Tp+8+N\n"
               "zOGYHSABATlwbxHCWnH4S0aIXtDxKq0cAZ4RgAafdwwhocXvWLMISy4W\n"
               "-----END PRIVATE KEY-----\n",
};

/* bank.dcep, issued by root, no authority */
static const struct fixture FIXTURE_LEAF = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBwzCCAWmgAwIBAgIUdf406xbtQ2DBHdUSgEP3ffhdcywwCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJcm9vdC5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAUMRIwEAYDVQQDDAliYW5rLmRjZXAwWTATBgcqhkjOPQIBBggqhkjO\n"
                       "PQMBBwNCAASkHE/LA/0Z5z+rtKogRJ+bjnCISQ257IfXJhUJMFrfeiywqKyALWuY\n"
                       "uohMifArib5r+1KHu8otgsT+OTec8N/eo4GWMIGTMAwGA1UdEwEB/wQCMAAwDgYD\n"
                       "VR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAUBgNV\n"
                       "HREEDTALggliYW5rLmRjZXAwHQYDVR0OBBYEFAmmeN1cDq41oC9zOKMq0LZKTCGJ\n"
                       "MB8GA1UdIwQYMBaAFBtbl7+ZZUd0Ls5taZMg0itZdXleMAoGCCqGSM49BAMCA0gA\n"
                       "MEUCIFuSgBih0OGfdSXvCTRUmPXs3hqeJ3gO98qysWGYmy/3AiEAmuPfQl3YoG5n\n"
                       "4ITbs0IpyH6URaK8DGtLFrd3j7hz9rE=\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdhXXtaBSPrwsJcEp\n"
               "u9uMWgMMkWtnpHOwiJxvhukIiRWhRANCAASkHE/LA/0Z5z+rtKogRJ+bjnCISQ25\n"
               "7IfXJhUJMFrfeiywqKyALWuYuohMifArib5r+1KHu8otgsT+OTec8N/e\n"
               "-----END PRIVATE KEY-----\n",
};

/* central.dcep, issued by below */
static const struct fixture FIXTURE_CENTRAL_BELOW = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIByTCCAXCgAwIBAgIUDOlW2HRzA70EUSw2ZQ8Umtkz6UswCgYIKoZIzj0EAwIw\n"
                       "FTETMBEGA1UEAwwKYmVsb3cuZGNlcDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEw\n"
                       "MTAwMDAwMFowFzEVMBMGA1UEAwwMY2VudHJhbC5kY2VwMFkwEwYHKoZIzj0CAQYI\n"
                       "KoZIzj0DAQcDQgAEqZqwPzIFWzG7r2NChXHomh6yAwiD7pAt9FQsCQJe4YBBCB07\n"
                       "tdO/iizYh9sJMgGjzfJGJi3bjbMgBFnNHQSwn6OBmTCBljAMBgNVHRMBAf8EAjAA\n"
                       "MA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIw\n"
                       "FwYDVR0RBBAwDoIMY2VudHJhbC5kY2VwMB0GA1UdDgQWBBQ6AJ9Io+fzobb/aq0r\n"
                       "rz054UqIsTAfBgNVHSMEGDAWgBQokRiDsVlDhbi/nR6wE6GzA7Q87TAKBggqhkjO\n"
                       "PQQDAgNHADBEAiB8emmma1y2GHTLMwrwvVJ9RhSEMyRc9WATP3PwcKtWygIgTnaC\n"
                       "c2by6J94TVUvMFUCwSK2U8u6bd5BhVe/t/is4GE=\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgK3T2zsxc5FmtzD8h\n"
               "5n4NzIJ2+Vf2l2z+cLasbFExvbWhRANCAASpmrA/MgVbMbuvY0KFceiaHrIDCIPu\n"
               "kC30VCwJAl7hgEEIHTu107+KLNiH2wkyAaPN8kYmLduNsyAEWc0dBLCf\n"
               "-----END PRIVATE KEY-----\n",
};

/* bank.dcep, issued by below */
static const struct fixture FIXTURE_BANK_BELOW = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBxTCCAWqgAwIBAgIUCGhHJoHIEqZw8f1zPkSSsxxTpQEwCgYIKoZIzj0EAwIw\n"
                       "FTETMBEGA1UEAwwKYmVsb3cuZGNlcDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEw\n"
                       "MTAwMDAwMFowFDESMBAGA1UEAwwJYmFuay5kY2VwMFkwEwYHKoZIzj0CAQYIKoZI\n"
                       "zj0DAQcDQgAEcuiA3PEEl4N33IMdO/J67b1UrErWwHDqRL9fcCbpcB+EJ/CDZnHa\n"
                       "PxawPOOab69TTDNrhiAh5PiB5Wm/9bTDA6OBljCBkzAMBgNVHRMBAf8EAjAAMA4G\n"
                       "A1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwFAYD\n"
                       "VR0RBA0wC4IJYmFuay5kY2VwMB0GA1UdDgQWBBSMtBnwjKiDCBpUS/iHhVIK4KqP\n"
                       "CzAfBgNVHSMEGDAWgBQokRiDsVlDhbi/nR6wE6GzA7Q87TAKBggqhkjOPQQDAgNJ\n"
                       "ADBGAiEAyjekLPSLESMZYCTB8SjcXa/crNkFUpXS5aGmDyPPo80CIQCa8v8nSJT/\n"
                       "/zsu7lHqTBRWOjfheyhC9hoXUzB6v61QgA==\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiNBvJyZbatqFA93n\n"
               "6HLSoMG5Vmk1FeUUDQ0Shz1Rgn6hRANCAARy6IDc8QSXg3fcgx078nrtvVSsStbA\n"
               "cOpEv19wJulwH4Qn8INmcdo/FrA845pvr1NMM2uGICHk+IHlab/1tMMD\n"
               "-----END PRIVATE KEY-----\n",
};

/* central.dcep, issued by leaf */
static const struct fixture FIXTURE_CENTRAL_BY_LEAF = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIByjCCAW+gAwIBAgIUQGrP4YZfOsqSU8GSXzqY4bbEZ2EwCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJYmFuay5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAXMRUwEwYDVQQDDAxjZW50cmFsLmRjZXAwWTATBgcqhkjOPQIBBggq\n"
                       "hkjOPQMBBwNCAAR0m+31ZjrFq28gfdD/NKgFtpDtdJZ2psshAI5aS6N8HddnPfPO\n"
                       "MEkc8z3rGl4/QKa7yssGUIJhyOh9JNlaPha0o4GZMIGWMAwGA1UdEwEB/wQCMAAw\n"
                       "DgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAX\n"
                       "BgNVHREEEDAOggxjZW50cmFsLmRjZXAwHQYDVR0OBBYEFBhDmqK7QviGcTwtTYxN\n"
                       "NOV5SkNUMB8GA1UdIwQYMBaAFAmmeN1cDq41oC9zOKMq0LZKTCGJMAoGCCqGSM49\n"
                       "BAMCA0kAMEYCIQD7e6Ai68VTIh2MA56FQYmkmRrGEpIlrsL0DLWViAyU+gIhAPoM\n"
                       "QjFyJPVI2Ba7vHmqudNcYqgk1e9/TWI/YCXatFVk\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQMxJyCUsGhJHNrXP\n"
               "xGm2RVEyWEWHGOBkcIglpFk0iB6hRANCAAR0m+31ZjrFq28gfdD/NKgFtpDtdJZ2\n"
               "psshAI5aS6N8HddnPfPOMEkc8z3rGl4/QKa7yssGUIJhyOh9JNlaPha0\n"
               "-----END PRIVATE KEY-----\n",
};

/* bank.dcep, issued by leaf */
static const struct fixture FIXTURE_BANK_BY_LEAF = {
    .certificate_pem = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBxDCCAWmgAwIBAgIUJZi5peOvCrYyVC0/t1146xKfSzswCgYIKoZIzj0EAwIw\n"
                       "FDESMBAGA1UEAwwJYmFuay5kY2VwMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx\n"
                       "MDAwMDAwWjAUMRIwEAYDVQQDDAliYW5rLmRjZXAwWTATBgcqhkjOPQIBBggqhkjO\n"
                       "PQMBBwNCAATRLXsyPPxQTrjcwweAueVrWKGhxXjCw5DDzviDIfFNILYlZNTUNoYM\n"
                       "RVa8L9G1JuHSfkeJde6v91dhNEz6K+zJo4GWMIGTMAwGA1UdEwEB/wQCMAAwDgYD\n"
                       "VR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAUBgNV\n"
                       "HREEDTALggliYW5rLmRjZXAwHQYDVR0OBBYEFHcTwE5rrKXDcubCF6exNmIkVgWV\n"
                       "MB8GA1UdIwQYMBaAFAmmeN1cDq41oC9zOKMq0LZKTCGJMAoGCCqGSM49BAMCA0kA\n"
                       "MEYCIQD/URa6fMFOvTWlQSnxESFJ/yciMsNtq09rcIiGC2U8nwIhAL1uJoDbUZjb\n"
                       "u9XTah9tOlgLtF856fj96xnIV4kpujdA\n"
                       "-----END CERTIFICATE-----\n",
    .key_pem = "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/UKrdiEvmSA54oDK\n"
               "nTC5Kj8AjhBVZlXrLXFqaNPoyv2hRANCAATRLXsyPPxQTrjcwweAueVrWKGhxXjC\n"
               "w5DDzviDIfFNILYlZNTUNoYMRVa8L9G1JuHSfkeJde6v91dhNEz6K+zJ\n"
               "-----END PRIVATE KEY-----\n",
};

#endif
