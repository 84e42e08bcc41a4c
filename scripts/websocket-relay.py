#!/usr/bin/python3
"""Debian's websockify, which knows no subprotocols, made to agree to the one that MQTT clients ask for."""
from websockify import websocketproxy, websockifyserver

websockifyserver.CompatibleWebSocket.select_subprotocol = lambda _self, offered: offered[0].strip()
websocketproxy.websockify_init()
