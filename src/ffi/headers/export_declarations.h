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
