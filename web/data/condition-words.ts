// Conditions of a rule in a few words: who asks, when, and what is put together.
import { isMap, type JsonMap } from './merge.ts'
import { valueText } from './value-words.ts'

const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map((one: unknown) =>
    isMap(one) ? `~${String(one['regex'] ?? '')}` : String(one),
  )

const LISTS = ['host', 'path', 'method', 'scheme', 'client', 'country', 'continent', 'asn', 'jwt']

/** One text for each thing that a condition asks. */
export function conditionTexts(words: unknown): readonly string[] {
  if (!isMap(words)) return []
  const lists = LISTS.flatMap((name) => {
    const texts = textsOf(words[name])
    return texts.length === 0 ? [] : [`${name} ${texts.join(' or ')}`]
  })
  const values = ['header', 'query', 'cookie', 'claims'].flatMap((name) =>
    Object.entries(mapOf(words[name])).map(([key, one]) => `${name} ${key}: ${valueText(one)}`),
  )
  return [
    ...lists,
    ...values,
    ...(words['tls'] === undefined ? [] : [`TLS ${tlsText(words['tls'])}`]),
    ...(words['time'] === undefined ? [] : [timeText(words['time'])]),
    ...listOf(words['all']).map(inOne),
    ...(listOf(words['any']).length === 0 ? [] : [`(${listOf(words['any']).map(inOne).join(' or ')})`]),
    ...(words['not'] === undefined ? [] : [`not (${inOne(words['not'])})`]),
  ]
}

/** All of it in one. */
export const inOne = (words: unknown): string => conditionTexts(words).join(' and ')

export function tlsText(written: unknown): string {
  const { version, cipher, client_certificate: certificate } = mapOf(written)
  return [
    ...(version === undefined ? [] : [textsOf(version).join(' or ')]),
    ...(cipher === undefined ? [] : [`cipher ${valueText(cipher)}`]),
    ...(typeof certificate === 'string' ? [`certificate ${certificate}`] : []),
    ...Object.entries(mapOf(certificate)).map(([name, one]) => `${name} ${valueText(one)}`),
  ].join(', ')
}

export function timeText(written: unknown): string {
  const { days, from = '00:00', to = '24:00', zone = 'UTC' } = mapOf(written)
  return [...textsOf(days), `${String(from)} to ${String(to)}`, String(zone)].join(' ')
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : []

const mapOf = (value: unknown): JsonMap => (isMap(value) ? value : {})
