"""What the calls and packets of random stories are made of."""

TOPICS = ["t", "a/b", "$SYS/x", "t/#", "\\xc3\\xa4", "a\\x00b", '""', "NULL", "\\xff", "\\xed\\xa0\\x80", "*300"]
PAYLOADS = ["hello", '""', "NULL", "#00ff80", "*300", "*20000"]
FILTERS = ["t:0", "t:1", "t:2", "a/#:1", "+/b:2", '"":1', "NULL:1", "t:3", "t:-1", "\\xff:1", "$share/g/t:1"]
# Both libraries take these for the end of the connection.
MALFORMED = ["30 01 00", "32 03 00 01 74", "30 ff ff ff ff ff", "40 01 00", "50 01 00", "70 01 05", "90 01 00"]
MALFORMED_5 = ["30 01 00", "30 05 00 01 74 03 01", "30 ff ff ff ff ff", "40 01 00", "90 02 00 01"]
# What a server may say at connect without changing what the client does (avoids: v5-server-keep-alive,
# v5-limits-of-the-server).
CONNACK_PROPERTIES = ["", "", "", "21 00 03", "12 00 03 6e 65 77", "22 00 00", "1f 00 02 6f 6b", "26 00 01 6b 00 01 76",
                      "28 00 29 00 2a 00", "11 00 00 00 05"]
PUBLISH_PROPERTIES = ["", "", "01 01", "02 00 00 00 05", "03 00 01 63", "08 00 01 72", "09 00 02 61 62", "0b 07",
                      "26 00 01 6b 00 01 76 26 00 01 6b 00 01 77"]
# What a client may say in PUBLISH, in a will, CONNECT, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT, and what no packet knows
# (avoids: v5-properties-in-the-wrong-place, v5-publish-checks-its-arguments, v5-large-numbers-in-properties).
OWN_PROPERTIES = [None, None, None, "1:1", "2:30", "3:text/plain", "8:r/t", "9:#0102", "38:k~v", "38:a~b,38:a~c,1:0",
                  "2:2147483647,9:#", "43:1", "0:1,38:a~b"]
WILL_PROPERTIES = ["24:5", "1:1,3:text/plain", "38:a~b,2:60", "8:r/t,9:#0102", "24:2147483647,1:0", "99:1"]
CONNECT_PROPERTIES = ["17:30", "33:20", "38:a~b", "25:1", "39:100000", "34:3", "23:1", "17:2147483647,33:65535,38:~", "21:m",
                      "10:1"]
SUBSCRIBE_PROPERTIES = ["11:5", "38:a~b", "11:268435455,38:a~b", "11:1,38:a~b,38:a~b", "43:1"]
UNSUBSCRIBE_PROPERTIES = ["38:a~b", "38:a~b,38:~", "43:1"]
DISCONNECT_PROPERTIES = ["38:a~b", "17:9", "31:bye", "17:0,31:bye,38:a~b", "43:1"]
# How a server ends a connection of MQTT 5.
LEAVING = ["e0 00", "e0 01 8b", "e0 02 8e 00", "e0 06 8d 04 1f 00 01 78", "e0 09 9d 07 26 00 01 6b 00 01 76"]
# What a line of a story can hold, with some room.
WORDS = 56
ERROR_CODES_5 = ["80", "83", "87", "90", "91", "97", "99"]


def size(text):
    """The bytes of a text of hexadecimal numbers and words beginning with an apostrophe."""
    return sum(len(word) - 1 if word[0] == "'" else 1 for word in text.split())


def packet(first, body):
    """A packet as the broker writes it: hexadecimal numbers with blanks; shorter than 16384 bytes."""
    length = size(body)
    head = f"{length:02x}" if length < 128 else f"{length & 127 | 128:02x} {length >> 7:02x}"
    return f"{first:02x} {head} {body}".strip()
