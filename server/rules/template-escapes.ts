// How values are escaped for where they go. Most need nothing: they are looked at, and passed as they are.
import type { UrlPlace } from '../lib/url-template.ts'
import type { ValueKind } from './variables.ts'

/**
 * Where a text goes: a header field, a page, a JSON document, plain text, one part of a URL as a whole, or a
 * place in a URL that is text itself.
 */
export type Sink = 'field' | 'html' | 'json' | 'text' | 'part' | UrlPlace

export type TextSink = 'html' | 'json' | 'text'

/** How values are escaped in a body of this type, which may have parameters. */
export function sinkOf(type: string): TextSink {
  const [plain = ''] = type.toLowerCase().split(';')
  if (/[/+](?:html|xml)\s*$/.test(plain)) return 'html'
  // A script has strings as JSON has, apart from their quotes.
  return /(?:[/+]json|javascript)\s*$/.test(plain) ? 'json' : 'text'
}

type Escape = (value: string) => string | null

/** Null: values of this kind need nothing there. An escape that gives null: such a value cannot be there. */
export function escapeFor(sink: Sink, kind: ValueKind): Escape | null {
  if (kind === 'plain') return sink === 'authority' ? hostPart : null
  if (kind === 'host' && sink === 'authority') return null
  if (sink === 'path' && kind === 'target') return (value) => urlText(value)
  if (sink === 'authority') return hostPart
  const asText = kind === 'text' || kind === 'host' ? null : fromBytes
  const escape = ESCAPES[sink]
  if (sink === 'field') return kind === 'text' || kind === 'host' ? fieldText : controlsEscaped
  return asText === null ? escape : (value) => escape(asText(value))
}

const ESCAPES: Readonly<Record<Exclude<Sink, 'authority'>, (value: string) => string>> = {
  field: fieldText,
  html: (value) =>
    value.replace(/[&<>"'`\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, (letter) => HTML[letter] ?? '\ufffd'),
  json: (value) =>
    JSON.stringify(value.toWellFormed())
      .slice(1, -1)
      .replace(
        /[<>&\u2028\u2029\x7f]/g,
        (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
  text: controlsEscaped,
  part: component,
  path: component,
  query: component,
  fragment: component,
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

/** RFC 3986 §2.3: all but unreserved characters. */
export function component(value: string): string {
  if (isUnreserved(value)) return value
  return encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, escapedCode)
}

function isUnreserved(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122
    if (!isLetter && !(code >= 48 && code <= 57) && code !== 45 && code !== 46 && code !== 95 && code !== 126)
      return false
  }
  return true
}

/** A piece of a request target is URL text already; whatever it is not is escaped. */
function urlText(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code <= 32 || code >= 127 || code === 35 || code === 92)
      return value.replace(/[^!-~]+|[#\\]/gu, (found) =>
        found === '#' || found === '\\' ? escapedCode(found) : encodeURIComponent(found.toWellFormed()),
      )
  }
  return value
}

/** In the name of a host: a label or several of them. */
const hostPart: Escape = (value) =>
  /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$/.test(value) ? value : null

/** Control characters are percent-escaped, but for the tab: nothing of them is lost, and none ends a line. */
function controlsEscaped(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 32 && code !== 9) || code === 127)
      return value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, escapedCode)
  }
  return value
}

/** Text as the bytes of a field value: UTF-8, one character a byte. */
export function fieldText(value: string): string {
  const safe = controlsEscaped(value)
  for (let i = 0; i < safe.length; i++)
    if (safe.charCodeAt(i) > 126) return Buffer.from(safe.toWellFormed()).latin1Slice()
  return safe
}

/** The other way round: bytes of a head, which mostly are UTF-8. */
function fromBytes(value: string): string {
  for (let i = 0; i < value.length; i++)
    if (value.charCodeAt(i) > 126) return Buffer.from(value, 'latin1').toString('utf8')
  return value
}

const escapedCode = (letter: string): string =>
  `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
