// Fields that Connection names: they are for one hop only, as Connection itself is (RFC 9110 §7.6.1).
import { equalsFolded } from './bytes.ts'
import { FIELD_INTS, type Fields } from './fields.ts'
import { KNOWN } from './known-fields.ts'

/** By far the most common values, which name no field that would pass anyway. */
const USUAL_VALUES = ['keep-alive', 'close', 'upgrade'].map((value) => Buffer.from(value))

/** Options and fields that never pass. */
const USUAL = new Set(['keep-alive', 'close', 'upgrade', 'te', 'http2-settings'])

/**
 * Fields for whoever takes the content (§7.6.1): naming one in Connection must not make us forget it, or a
 * client could take from the server what it decides by. Those that begin with "content-" as well.
 */
const NEVER_LISTED = new Set([
  'authorization',
  'cache-control',
  'connection',
  'cookie',
  'date',
  'expect',
  'host',
  'location',
  'origin',
  'set-cookie',
  'transfer-encoding',
  'vary',
  'via',
  'www-authenticate',
])

/** Lower-case names that Connection lists beside the usual words; null for none. */
export function listedFields(fields: Fields): ReadonlySet<string> | null {
  if (!fields.has(KNOWN.connection)) return null
  let listed: Set<string> | null = null
  for (let f = 0; f < fields.count; f++) {
    if (fields.at[f * FIELD_INTS + 4] !== KNOWN.connection || isUsual(fields, f)) continue
    for (const option of fields.value(f).toLowerCase().split(',')) {
      const name = option.trim()
      if (name === '' || USUAL.has(name) || NEVER_LISTED.has(name) || name.startsWith('content-')) continue
      listed ??= new Set()
      listed.add(name)
    }
  }
  return listed
}

function isUsual(fields: Fields, field: number): boolean {
  const start = fields.at[field * FIELD_INTS + 2]!
  const end = fields.at[field * FIELD_INTS + 3]!
  for (const value of USUAL_VALUES) if (equalsFolded(fields.bytes, start, end, value)) return true
  return false
}
