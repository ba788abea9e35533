// The OpaqueString profile (RFC 8265 §4.2) of passwords, names and realms, as far as JavaScript's tables of
// Unicode go.

const OTHER_SPACES = /\p{Zs}/gu
// RFC 8264 §9: controls, what cannot be seen, private, unassigned, halves of surrogate pairs, old Hangul
// jamo. Joiners (U+200C, U+200D) would be right in some contexts only; they are refused everywhere.
const REFUSED = /[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u
const ASCII = /^[\x20-\x7e]+$/

/**
 * Prepares a text so that two spellings of it become one: other spaces are spaces, composed letters. Null:
 * refused, or empty.
 */
export function opaqueString(text: string): string | null {
  if (ASCII.test(text)) return text
  const prepared = text.replace(OTHER_SPACES, ' ').normalize('NFC')
  return prepared === '' || REFUSED.test(prepared) ? null : prepared
}
