// How the pieces of plain YAML are written; each is tried where the reader stands.

/** A key with its colon; a blank or the end of the line follows. */
export const KEY = /([A-Za-z_][A-Za-z0-9_.$/-]{0,99}|"[^"\\\n]{1,99}"|'[^'\n]{1,99}'):(?=[ \n]|$)/y
/** In JSON a colon needs no blank behind a quote. */
export const FLOW_KEY = /([A-Za-z_][A-Za-z0-9_.$/-]{0,99}):(?= )|("[^"\\\n]{1,99}"|'[^'\n]{1,99}') ?:/y
export const NO_KEY = /^(?:null|true|false|~)$/i
export const ITEM = /-(?: +|(?=\n))/y
export const DOUBLE = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y
export const SINGLE = /'(?:[^'\n]|'')*'/y
/** ":" goes on unless a blank follows, "#" unless a blank stands before. */
export const PLAIN = /[A-Za-z0-9_./$(](?:[!-"$-9;-~]|:(?![ \n]|$)|(?<! )#| +(?![ #\n]|$))*/y
export const FLOW_PLAIN =
  /[A-Za-z0-9_./$(](?:[!-"$-+\--9;-Z\\^-z|~]|:(?![ \n,[\]{}]|$)|(?<! )#| +(?![ #\n,[\]{}]|$))*/y
export const BLANKS = / */y
export const REST = /(?: +(?:#[^\n]*)?)?(?:\n|$)/y
/** Lines without content. */
export const VOID = /(?: *(?:#[^\n]*)?\n| *#[^\n]*$| +$)*/y
export const FLOW_BLANK = /(?: |\n|(?<=[ \n])#[^\n]*)*/y
