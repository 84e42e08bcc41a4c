/*
 * MQTTExportDeclarations.h: how the functions of the library are declared.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Generated from src/ffi by build.rs: make changes there.
 */

#ifndef EXPORTDECLARATIONS_H
#define EXPORTDECLARATIONS_H

/**
 * Stands in front of every function of the library. Programs need to define nothing; on Windows, define
 * PAHO_MQTT_IMPORTS to use the library as a DLL. PAHO_MQTT_EXPORTS is for building the library itself.
 */
#if defined(_WIN32)
#  if defined(PAHO_MQTT_EXPORTS)
#    define LIBMQTT_API __declspec(dllexport)
#  elif defined(PAHO_MQTT_IMPORTS)
#    define LIBMQTT_API __declspec(dllimport)
#  else
#    define LIBMQTT_API
#  endif
#elif defined(PAHO_MQTT_EXPORTS)
#  define LIBMQTT_API __attribute__ ((visibility ("default")))
#else
#  define LIBMQTT_API extern
#endif

#endif  /* EXPORTDECLARATIONS_H */
