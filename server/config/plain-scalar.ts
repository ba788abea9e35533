// What a text without quotes means (YAML 1.2, core schema).

const NUMBER =
  /^(?:[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+|[0-9.]+[eE][-+]?[0-9]+|0x[0-9A-Fa-f]+|0o[0-7]+|\.(?:inf|nan))$/i
const SIMPLE_NUMBER = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$/

/** Undefined: it is written in a way that the whole reader has to look at. */
export function plainScalar(text: string): string | number | boolean | null | undefined {
  if (text === 'true') return true
  if (text === 'false') return false
  if (/^(?:null|true|false)$/i.test(text)) return text === 'null' ? null : undefined
  if (!NUMBER.test(text)) return text
  return SIMPLE_NUMBER.test(text) ? Number(text) : undefined
}
