/* config_id — how long the name of a config is: 12 hex digits, of what it trains. Runs that differ
 * in nothing but their seed have one. */
#ifndef SERVER_MODEL_CONFIG_ID_H
#define SERVER_MODEL_CONFIG_ID_H

enum { CONFIG_ID_DIGITS = 12, CONFIG_ID_BYTES = CONFIG_ID_DIGITS + 1 /* with the NUL */ };

#endif
